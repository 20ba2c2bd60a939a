import { readdir, readFile } from "node:fs/promises";

export interface ListedProcess {
  readonly pid: number;
  /** Names of accounts. */
  readonly user: string;
  readonly realUser: string;
  /** Separated by blanks. */
  readonly args: string;
}

/** The processes on this machine that have not ended, from proc(5): Debian's ps (procps 4.0.2) can crash while other processes end. */
export async function listProcesses(): Promise<ListedProcess[]> {
  const accounts = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const names = new Map(accounts.map(([name = "", , uid = ""]) => [uid, name]));
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const listed = await Promise.all(pids.map((pid) => readProcess(pid, names)));
  return listed.filter((process) => process !== undefined);
}

/** The pids of a user's processes whose arguments match, e.g. /^sleep 1000$/. */
export async function processesOf(user: string, args: RegExp): Promise<number[]> {
  const all = await listProcesses();
  return all.filter((each) => each.user === user && args.test(each.args)).map(({ pid }) => pid);
}

/** undefined if it has ended. */
async function readProcess(
  pid: number,
  names: ReadonlyMap<string, string>,
): Promise<ListedProcess | undefined> {
  try {
    const [status, cmdline] = await Promise.all(
      ["status", "cmdline"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8")),
    );
    const [, real = "", effective = ""] = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status ?? "") ?? [];
    const user = names.get(effective) ?? effective;
    const realUser = names.get(real) ?? real;
    if (/^State:\s+Z/m.test(status ?? "")) return undefined;
    return { pid, user, realUser, args: (cmdline ?? "").replaceAll("\0", " ").trim() };
  } catch {
    return undefined;
  }
}
