import { readFile } from "node:fs/promises";
import { type LiveProcess, liveProcesses } from "./process-groups.ts";

export interface OwnedProcess extends LiveProcess {
  /** Names of accounts. */
  readonly user: string;
  readonly realUser: string;
}

/** With their accounts from proc(5), since Debian's ps (procps 4.0.2) can crash while other processes end. */
export async function ownedProcesses(): Promise<OwnedProcess[]> {
  const accounts = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  // Of several accounts with the same id, the first one counts, as for getpwuid(3): the tests have some of root's.
  const names = new Map(accounts.toReversed().map(([name = "", , uid = ""]) => [uid, name]));
  const live = await liveProcesses();
  const owned = await Promise.all(live.map((process) => withAccounts(process, names)));
  return owned.filter((process) => process !== undefined);
}

/** The pids of a user's processes whose arguments match, e.g. /^sleep 1000$/. */
export async function processesOf(user: string, args: RegExp): Promise<number[]> {
  const all = await ownedProcesses();
  return all.filter((each) => each.user === user && args.test(each.args)).map(({ pid }) => pid);
}

/** undefined if it has ended meanwhile. */
async function withAccounts(
  process: LiveProcess,
  names: ReadonlyMap<string, string>,
): Promise<OwnedProcess | undefined> {
  const status = await readFile(`/proc/${process.pid}/status`, "utf8").catch(() => undefined);
  const [, real, effective] = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status ?? "") ?? [];
  if (real === undefined || effective === undefined) return undefined;
  return { ...process, user: names.get(effective) ?? effective, realUser: names.get(real) ?? real };
}
