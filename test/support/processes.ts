import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The pids of a user's processes whose arguments match, e.g. /^sleep 1000$/. */
export async function processesOf(user: string, args: RegExp): Promise<number[]> {
  // ps ends with status 1 when the user has no process at all.
  const { stdout } = await run("ps", ["-u", user, "-o", "pid=,args="]).catch(() => ({ stdout: "" }));
  return stdout
    .split("\n")
    .map((line) => /^\s*(\d+) (.*)$/.exec(line))
    .filter((match) => match !== null && args.test(match[2] ?? ""))
    .map((match) => Number(match?.[1]));
}
