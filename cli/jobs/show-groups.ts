import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { Sink } from "../run/sink.ts";
import { findJob } from "./find.ts";
import { printDifferences, printGroups } from "./groups.ts";

export const groups: Command = {
  help: `Show each different output of a job once, below the hosts that it is of.

Usage: hostrun jobs groups JOB [--diff]

JOB is an id of \`hostrun jobs\`, the beginning of one, or last.

  --diff  show the most common output, and how the others differ from it
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { diff: { type: "boolean" } });
    const [word] = takeWords(positionals, "JOB");
    await using daemon = await reachDaemon();
    const { id } = await findJob(daemon, word);
    const printed = values.diff === true ? printDifferences : printGroups;
    await printed(daemon, id, new Sink(process.stdout));
    return 0;
  },
};
