import type { Daemon } from "../../client/daemon.ts";
import { listedRuns } from "../../client/listed-runs.ts";
import type { Run } from "../../protocol/run.ts";
import { findById } from "../find-by-id.ts";

const timeDigits = 12;
/** A run's id and its createdAt are generated slightly apart. */
const slackMs = 60_000;
const latestInstant = Date.parse("9999-12-31T23:59:59.999Z");

/** The run named by `word`: a whole id, a unique prefix of one, or `last`. */
export function findRun(daemon: Daemon, word: string): Promise<Run> {
  return findById(word, {
    noun: "run",
    list: "hostrun history",
    unknown: "run_unknown",
    last: async () => (await daemon.call("listRuns", { query: { limit: "1" } })).items[0],
    get: (id) => daemon.call("getRun", { params: { run: id } }),
    startingWith: (prefix) => startingWith(daemon, prefix),
  });
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
