import { listedRuns } from "../../client/listed-runs.ts";
import type { Run } from "../../protocol/run.ts";
import { Outcome, RunState } from "../../protocol/run.ts";
import { formatSpan } from "../../protocol/span.ts";
import { outcomeText } from "../../protocol/outcome-text.ts";
import type { Command } from "../command.ts";
import { visible } from "../../protocol/visible.ts";
import { paint } from "../colour.ts";
import { parseOptions, parseWhole, UsageError } from "../command.ts";
import { warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showAll } from "../format.ts";
import { filterNames, filterOptions, readFilters, searchHelp, whyNone } from "./filters.ts";
import { type Grouping, groupings, groupRuns, parseGrouping } from "./groups.ts";
import { cachedMark, instantOf, outcomeStyle } from "../runs/describe.ts";
import { shortIds } from "../runs/find.ts";
import { table } from "../table.ts";

const defaultLimit = 20;
const maxNoteColumns = 30;

export const list: Command = {
  help: `List the runs, newest first.

Usage: hostrun history [list] [SEARCH...] [OPTION...]

${searchHelp}
  --host NAME        of this host
  --search TEXT      with this in command, host, output or note
  --state STATE      ${RunState.options.join(", ")}
  --outcome OUTCOME  ${Outcome.options.join(", ")}
  --since TIME, --until TIME
                     created in this span: yesterday, 2h, "3 days ago", 2026-01-31,
                     2026-01-31T12:00:00Z, ...
  --pinned           that are pinned
  -n, --limit N      at most this many (${defaultLimit})
  --group-by WHAT    ${groupings.join(", ")}
${formatHelp}`,
  optionNames: filterNames,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      ...filterOptions,
      limit: { type: "string", short: "n" },
      "group-by": { type: "string" },
      ...formatOptions,
    });
    const format = parseFormat(values);
    const limit = values.limit === undefined ? defaultLimit : parseWhole(values.limit, "--limit", { min: 1 });
    const by = parseGrouping(values["group-by"]);
    if (by !== undefined && format !== undefined)
      throw new UsageError("--group-by is for the list: --json and --format have the fields to group by.");
    const filters = readFilters(positionals, values);
    await using daemon = await reachDaemon();
    const runs: Run[] = [];
    for await (const run of listedRuns(daemon, filters, limit)) runs.push(run);
    if (runs.length === 0) warn(await whyNone(daemon, filters));
    showAll(format, runs, () => (by === undefined ? tableOf(runs) : groupsOf(runs, by)));
    return 0;
  },
};

function groupsOf(runs: readonly Run[], by: Grouping): string {
  const groups = groupRuns(runs, by).map(({ name, runs: own }) => {
    const heading = paint(`${visible(name)} (${own.length})`, "bold", process.stdout);
    return `${heading}\n${tableOf(own)}`;
  });
  return groups.join("\n");
}

/** There is a column for pins and notes if any run has one. */
function tableOf(runs: readonly Run[]): string {
  const short = shortIds(runs.map(({ id }) => id));
  const isSaid = runs.some(({ pinned, note }) => pinned || note !== null);
  return table(
    ["ID", "CREATED", "HOST", "OUTCOME", "TIME", ...(isSaid ? ["NOTE"] : []), "COMMAND"],
    runs.map((run) => [
      short(run.id),
      instantOf(run.createdAt),
      run.host.name,
      {
        text: outcomeText(run) + cachedMark(run) + (run.damaged === undefined ? "" : " (damaged)"),
        style: outcomeStyle(run),
      },
      formatSpan(run.timings.totalMs),
      ...(isSaid ? [noteText(run)] : []),
      run.command,
    ]),
  );
}

/** Whether it is pinned, and the beginning of its note. */
function noteText({ pinned, note }: Run): string {
  const text =
    note === null || note.length <= maxNoteColumns ? (note ?? "") : `${note.slice(0, maxNoteColumns - 1)}…`;
  return [pinned ? "[pinned]" : "", text].filter((part) => part !== "").join(" ");
}
