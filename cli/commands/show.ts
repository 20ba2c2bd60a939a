import type { Daemon } from "../../client/daemon.ts";
import type { Run } from "../../protocol/run.ts";
import { formatBytes } from "../../protocol/size.ts";
import { outcomeText } from "../../protocol/outcome-text.ts";
import type { Command } from "../command.ts";
import { parseOptions, refuseTogether, takeWords, UsageError } from "../command.ts";
import { print, warnOf } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatOptions, parseFormat, showOne } from "../format.ts";
import { Replay } from "../replay/replay.ts";
import { onInterrupt } from "../run/interrupt.ts";
import { Sink } from "../run/sink.ts";
import { formatSpan } from "../../protocol/span.ts";
import { instantOf, outcomeStyle } from "../runs/describe.ts";
import { printDiff } from "../runs/diff.ts";
import { findRun } from "../runs/find.ts";
import type { Cell } from "../table.ts";
import { sheet } from "../table.ts";

const streams = ["both", "stdout", "stderr"] as const;

export const command: Command = {
  help: `Show a run and its recorded output.

Usage: hostrun show RUN [OPTION...]

RUN is an id of \`hostrun history\`, the beginning of one, or last. The output comes byte for
byte; a terminal gets it without what would do more than draw, such as titles, queries
and the clipboard, and is left as it was.

  --output         only the output
  --stream STREAM  of stdout or stderr alone
  --no-output      only what is known of the run
  --diff OTHER     how the output of another run differs, as \`hostrun diff\` shows it
  --json, --format TEMPLATE
                   what is known of the run, as JSON or by a template, e.g. '{{.exitCode}}'
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      output: { type: "boolean" },
      "no-output": { type: "boolean" },
      stream: { type: "string" },
      diff: { type: "string" },
      ...formatOptions,
    });
    const format = parseFormat(values);
    // These show the run without its output, so there is no stream to choose.
    for (const name of ["no-output", "json", "format"]) {
      for (const other of ["output", "stream", "diff"]) refuseTogether(values, name, other);
    }
    refuseTogether(values, "diff", "output");
    const [word] = takeWords(positionals, "RUN");
    const stream = streams.find((name) => name === (values.stream ?? "both"));
    if (stream === undefined) throw new UsageError(`--stream must be one of: ${streams.join(", ")}.`);
    await using daemon = await reachDaemon();
    const run = await findRun(daemon, word);
    if (format !== undefined || values.output !== true) {
      showOne(format, run, () => sheet(entriesOf(run).filter(([, value]) => value !== "")));
      if (format !== undefined) return 0;
      if (run.problem !== null) warnOf({ message: run.problem.detail, members: run.problem });
    }
    if (values["no-output"] === true) return 0;
    if (values.output !== true) print("\n");
    if (values.diff === undefined) return await printOutput(daemon, run, stream);
    const other = await findRun(daemon, values.diff);
    if (!(await printDiff(daemon, { run, other, stream }))) print("The outputs are the same.\n");
    return 0;
  },
};

/** Returns the exit status; on a terminal Ctrl-C leaves it as it was. */
async function printOutput(daemon: Daemon, { id }: Run, stream: (typeof streams)[number]): Promise<number> {
  const sink = new Sink("stdout");
  const replay = new Replay();
  using interrupt = process.stdout.isTTY ? onInterrupt(() => undefined) : undefined;
  for await (const bytes of await daemon.openOutput(id, stream)) {
    if (interrupt?.status !== undefined) break;
    await sink.write(replay.take({ stream: "stdout", bytes }));
  }
  for (const { bytes } of replay.end()) await sink.write(bytes);
  return interrupt?.status ?? 0;
}

/** Details that the outcome itself does not include. */
function addition({ cached, stopConfirmed, timings: { resultAgeMs } }: Run): string {
  if (cached) return `, from the cache${resultAgeMs === undefined ? "" : `, ${formatSpan(resultAgeMs)} old`}`;
  return stopConfirmed === false ? ", not confirmed by the host: it may still run there" : "";
}

/** "" for a run that had none: one that is from the cache, or that did not reach its host. */
function connectionText({ reusedConnection, timings: { connectMs } }: Run): string {
  if (reusedConnection) return "reused";
  return connectMs === null ? "" : `new, in ${formatSpan(connectMs)}`;
}

function entriesOf(run: Run): [string, Cell][] {
  const beyond = run.truncatedBytes === 0 ? "" : `, ${formatBytes(run.truncatedBytes)} beyond the limit`;
  const { firstByteMs, totalMs } = run.timings;
  return [
    ["Run", run.id],
    ["Host", run.host.name === run.host.address ? run.host.name : `${run.host.name} (${run.host.address})`],
    ["Command", run.command],
    ["Outcome", { text: outcomeText(run) + addition(run), style: outcomeStyle(run) }],
    ["Damaged", run.damaged === undefined ? "" : `cannot be read: ${run.damaged.join(", ")}`],
    ["Pinned", run.pinned ? "yes" : ""],
    ["Note", run.note ?? ""],
    ["Created", instantOf(run.createdAt)],
    ["Ended", instantOf(run.endedAt)],
    [
      "Time",
      `${formatSpan(totalMs)}${firstByteMs === null ? "" : `, first byte after ${formatSpan(firstByteMs)}`}`,
    ],
    ["Connection", connectionText(run)],
    [
      "Output",
      `${formatBytes(run.stdoutBytes)} on stdout, ${formatBytes(run.stderrBytes)} on stderr${beyond}`,
    ],
  ];
}
