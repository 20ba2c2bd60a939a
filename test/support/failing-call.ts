import { spawn } from "node:child_process";
import { once } from "node:events";

/** A system call of a process that fails once. */
export interface FailingCall {
  readonly call: "fsync" | "ftruncate" | "openat" | "pread64" | "pwrite64" | "write,writev";
  readonly error: "EIO" | "ENOSPC";
  /** The first such call on one of these files, the second, and so on. */
  readonly when: number;
  readonly files: readonly string[];
}

/** What stands before a program's name to start it so. What strace says goes to its standard error. */
export function failing({ call, error, when, files }: FailingCall): string[] {
  const what = ["-e", `trace=${call}`, "-e", `inject=${call}:error=${error}:when=${when}`];
  // The program is the child itself, and strace its grandchild.
  return ["strace", "-D", "-f", ...files.flatMap((file) => ["-P", file]), ...what];
}

/** How often a call was made to fail, by what strace said. */
export function injected(said: string): number {
  return said.match(/\(INJECTED\)/g)?.length ?? 0;
}

/** Makes one call of a process that runs fail, and no more; disposing lets go of the process. */
export async function openFailingCall(pid: number, failure: FailingCall) {
  const [program = "", ...args] = failing(failure).filter((word) => word !== "-D");
  const tracer = spawn(program, [...args, "-p", String(pid)], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const attached = Promise.withResolvers<undefined>();
  tracer.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.includes("attached")) attached.resolve(undefined);
  });
  await attached.promise;
  return {
    hits: () => injected(said),
    async [Symbol.asyncDispose]() {
      tracer.kill("SIGINT");
      if (tracer.exitCode === null && tracer.signalCode === null) await once(tracer, "close");
    },
  };
}
