import { foldNames } from "../../protocol/host-set.ts";
import type { Run } from "../../protocol/run.ts";
import { outcomeText } from "../../protocol/outcome-text.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatOptions, parseFormat, showOne } from "../format.ts";
import { formatSpan } from "../../protocol/span.ts";
import { cachedMark, instantOf, outcomeStyle } from "../runs/describe.ts";
import { shortIds } from "../runs/find.ts";
import { sheet, table } from "../table.ts";
import { countsText, outcomeCell, skippedText } from "./describe.ts";
import { findJob } from "./find.ts";
import { runsOfJob } from "../../client/runs-of-job.ts";

export const show: Command = {
  help: `Show a job and its runs, the failures first.

Usage: hostrun jobs show JOB [OPTION...]

JOB is an id of \`hostrun jobs\`, the beginning of one, or last.

  --json, --format TEMPLATE
           what is known of the job, as JSON or by a template, e.g. '{{.counts}}'
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, formatOptions);
    const format = parseFormat(values);
    const [word] = takeWords(positionals, "JOB");
    await using daemon = await reachDaemon();
    const job = await findJob(daemon, word);
    showOne(format, job, () =>
      sheet([
        ["Job", job.id],
        ["Command", job.command],
        ["Hosts", foldNames(job.hosts)],
        ["Outcome", outcomeCell(job)],
        ["Counts", countsText(job)],
        ...(job.skipReason === null ? [] : [["Skipped", skippedText(job)] satisfies [string, string]]),
        ["Created", instantOf(job.createdAt)],
        ["Ended", instantOf(job.endedAt)],
      ]),
    );
    if (format !== undefined) return 0;
    const runs: Run[] = [];
    for await (const run of runsOfJob((input) => daemon.call("listJobRuns", input), job.id, "failures"))
      runs.push(run);
    const short = shortIds(runs.map(({ id }) => id));
    const rows = runs.map((run) => [
      short(run.id),
      run.host.name,
      { text: outcomeText(run) + cachedMark(run), style: outcomeStyle(run) },
      formatSpan(run.timings.totalMs),
      run.problem?.detail ?? "",
    ]);
    print(`\n${table(["RUN", "HOST", "OUTCOME", "TIME", "PROBLEM"], rows)}`);
    return 0;
  },
};
