import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { printDiff, previousRun } from "../runs/diff.ts";
import { findRun } from "../runs/find.ts";

const trouble = 2;

export const command: Command = {
  help: `Show how the outputs of two runs differ, as \`diff -u\` does.

Usage: hostrun diff RUN [OTHER]

RUN and OTHER are ids of \`hostrun history\`, the beginnings of some, or last. With RUN alone it is compared with the run
before of the same command on the same host. The older run comes first. The exit status is that of diff: 0 when the
outputs are the same, 1 when they differ, 2 when they could not be compared.

  --stream STREAM  of stdout or stderr alone
`,
  failedStatus: trouble,
  async run(args) {
    const { values, positionals } = parseOptions(args, { stream: { type: "string" } });
    const stream = (["both", "stdout", "stderr"] as const).find((name) => name === (values.stream ?? "both"));
    if (stream === undefined) throw new UsageError("--stream must be one of: both, stdout, stderr.");
    const [word, otherWord] = takeWords(positionals, "RUN", "OTHER?");
    await using daemon = await reachDaemon();
    const run = await findRun(daemon, word);
    const other = otherWord === undefined ? await previousRun(daemon, run) : await findRun(daemon, otherWord);
    return (await printDiff(daemon, { run, other, stream })) ? 1 : 0;
  },
};
