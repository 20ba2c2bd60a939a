import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { Sink } from "../run/sink.ts";
import { findJob } from "./find.ts";
import { printDifferences, printGroups } from "./groups.ts";
import { summarize } from "./summary.ts";

export const groups: Command = {
  help: `Show each different output of a job once, below the hosts that it is of.

Usage: hostrun jobs groups JOB [--diff]

JOB is an id of \`hostrun jobs\`, the beginning of one, or last.

  --diff  show the most common output, and how the others differ from it

Hosts on which the command could not be run are listed on stderr.
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { diff: { type: "boolean" } });
    const [word] = takeWords(positionals, "JOB");
    await using daemon = await reachDaemon();
    const job = await findJob(daemon, word);
    const printed = values.diff === true ? printDifferences : printGroups;
    await printed(daemon, job.id, new Sink("stdout"));
    // Hosts where nothing ran are in no group.
    if (job.outcome === null) warn("The job is still under way.");
    else if (job.counts.failed + job.counts.skipped > 0) await summarize(daemon, job);
    return 0;
  },
};
