import type { Daemon } from "../../client/daemon.ts";
import { exitStatusOf, notRunStatus } from "../../client/exit-status.ts";
import { Problem } from "../../protocol/problem.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { warn } from "../console.ts";
import { OutputFailure } from "../output.ts";
import { reachDaemon, reviver } from "../daemon-script.ts";
import { follow } from "../run/follow.ts";
import { onInterrupt } from "../run/interrupt.ts";
import { isDaemonUnreachable, warnOfLostRun } from "../run/lost-stream.ts";
import { parseView, viewOptions } from "../run/show-options.ts";
import { type Ending, View } from "../run/view.ts";
import { Replay } from "../replay/replay.ts";
import { findRun } from "../runs/find.ts";

export const command: Command = {
  help: `Follow a run's output, from its beginning to its end.

Usage: hostrun attach RUN [OPTION...]

RUN is an id of \`hostrun history\`, the beginning of one, or last. Of what was printed
before, the record is shown, on a terminal as by \`hostrun show\`; while what comes is not
read here, the command waits, as with \`hostrun run\`. Ctrl-C leaves the run alone;
\`hostrun cancel RUN\` ends it. The exit status is as that of \`hostrun run\`.

  --after ID     go on behind this event of --json
  --json         print the events, a JSON object a line
  --raw          with --json: shell noise on stderr, too
  -q, --quiet    no notes about the output
  -v, --verbose  say what happens on the way
`,
  ownsOutput: true,
  failedStatus: notRunStatus,
  async run(args) {
    const { values, positionals } = parseOptions(args, { ...viewOptions, after: { type: "string" } });
    const [word] = takeWords(positionals, "RUN");
    const view = parseView(values);
    await using daemon = await reachDaemon();
    const { id, options, state } = await findRun(daemon, word);
    const replay = new Replay(state === "ended" ? undefined : Date.now());
    const revive = options.durable ? reviver() : undefined;
    const left = new AbortController();
    using interrupt = onInterrupt(() => left.abort());
    const { after } = values;
    try {
      const { signal } = left;
      const raw = view.raw || !view.json;
      const events =
        view.json || after !== undefined
          ? daemon.subscribe(id, { after, raw, all: true, signal, revive })
          : daemon.subscribeFrames(id, { signal, revive });
      return (await follow(events, new View(view, replay), { pastEnd: () => endingOf(daemon, id) })).status;
    } catch (error) {
      if (interrupt.status !== undefined) return interrupt.status;
      refuseUnknownPosition(error, after);
      if (isDaemonUnreachable(error)) warnOfLostRun(error, id, options.durable === true);
      if (!(error instanceof OutputFailure)) throw error;
      if (!error.readerGone) warn(`${error.message}.`);
      return error.status;
    }
  },
};

/** Throws if the run has no event `after`, in the words of the option; the daemon's are about its own request. */
function refuseUnknownPosition(error: unknown, after: string | undefined): void {
  if (after === undefined || !(error instanceof Problem) || error.code !== "stream_position_unknown") return;
  throw new UsageError(
    `--after is "${visible(after)}", but must be the id of an event of this run, as \`hostrun attach --json\` shows it. Without it, the run is shown from its beginning.`,
  );
}

/** The ending of a run after whose last event there is nothing to follow. */
async function endingOf(daemon: Daemon, run: string): Promise<Ending> {
  const ended = await daemon.call("getRun", { params: { run } });
  const status = exitStatusOf({ ...ended, outcome: ended.outcome ?? "unknown" });
  return { status, problem: ended.problem ?? undefined };
}
