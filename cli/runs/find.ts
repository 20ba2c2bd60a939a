import type { Daemon } from "../../client/daemon.ts";
import { listedRuns } from "../../client/listed-runs.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import { UsageError } from "../command.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const timeDigits = 12;
/** A run's id and its createdAt are generated slightly apart. */
const slackMs = 60_000;
const latestInstant = Date.parse("9999-12-31T23:59:59.999Z");

/** The run named by `word`: a whole id, a unique prefix of one, or `last`. */
export async function findRun(daemon: Daemon, word: string): Promise<Run> {
  const id = word.toLowerCase();
  if (id === "last") {
    const { items } = await daemon.call("listRuns", { query: { limit: "1" } });
    const [last] = items;
    if (last === undefined) throw new Problem("run_unknown", "There are no runs yet.");
    return last;
  }
  if (uuid.test(id)) return daemon.call("getRun", { params: { run: id } });
  if (!/^[0-9a-f-]{1,36}$/.test(id)) {
    throw new UsageError(
      `"${word}" is not a run: give the beginning of an id of \`hostrun history\`, or last.`,
    );
  }
  const [first, second] = await startingWith(daemon, id);
  if (first === undefined) {
    throw new Problem("run_unknown", `No run's id begins with ${word}. See \`hostrun history\`.`);
  }
  if (second !== undefined) {
    throw new Problem("run_unknown", `More than one run's id begins with ${word}. Give more of it.`);
  }
  return first;
}

/** The first two matches; an id begins with its time (UUIDv7), so that only runs around that time are searched. */
async function startingWith(daemon: Daemon, prefix: string): Promise<Run[]> {
  const { since, until } = instants(prefix);
  const found: Run[] = [];
  for await (const run of listedRuns(daemon, { since, until })) {
    if (run.id.startsWith(prefix)) found.push(run);
    if (found.length === 2) break;
  }
  return found;
}

function instants(prefix: string): { since: string; until: string } {
  const digits = prefix.replaceAll("-", "").slice(0, timeDigits);
  const earliest = Number.parseInt(digits.padEnd(timeDigits, "0"), 16) - slackMs;
  const latest = Number.parseInt(digits.padEnd(timeDigits, "f"), 16) + slackMs;
  return { since: instant(earliest), until: instant(latest) };
}

/** The API accepts only years of four digits. */
function instant(ms: number): string {
  return new Date(Math.min(Math.max(0, ms), latestInstant)).toISOString();
}

/** Returns the shortest prefixes, of at least 13 characters, that distinguish these ids. */
export function shortIds(ids: readonly string[]): (id: string) => string {
  let length = 13;
  while (length < 36 && new Set(ids.map((id) => id.slice(0, length))).size < ids.length) length += 1;
  return (id) => id.slice(0, length);
}
