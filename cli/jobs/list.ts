import type { Job } from "../../protocol/job.ts";
import type { Command } from "../command.ts";
import { parseOptions, parseWhole, takeWords } from "../command.ts";
import { warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showAll } from "../format.ts";
import { instantOf } from "../runs/describe.ts";
import { shortIds } from "../runs/find.ts";
import { table } from "../table.ts";
import { countsText, outcomeCell } from "./describe.ts";
import { jobs } from "./find.ts";

const defaultLimit = 20;

export const list: Command = {
  help: `List the jobs, newest first.

Usage: hostrun jobs [list] [OPTION...]

  -n, --limit N      at most this many (${defaultLimit})
${formatHelp}`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      limit: { type: "string", short: "n" },
      ...formatOptions,
    });
    takeWords(positionals);
    const format = parseFormat(values);
    const limit = values.limit === undefined ? defaultLimit : parseWhole(values.limit, "--limit", { min: 1 });
    await using daemon = await reachDaemon();
    const found: Job[] = [];
    for await (const job of jobs(daemon)) if (found.push(job) >= limit) break;
    if (found.length === 0) warn("No jobs yet.");
    showAll(format, found, () => tableOf(found));
    return 0;
  },
};

function tableOf(found: readonly Job[]): string {
  const short = shortIds(found.map(({ id }) => id));
  return table(
    ["ID", "CREATED", "HOSTS", "OUTCOME", "COUNTS", "COMMAND"],
    found.map((job) => [
      short(job.id),
      instantOf(job.createdAt),
      String(job.hosts.length),
      outcomeCell(job),
      countsText(job),
      job.command,
    ]),
  );
}
