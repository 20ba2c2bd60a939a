import { spawn } from "node:child_process";

export interface Finished {
  /** The size of standard output. */
  readonly bytes: number;
  readonly stderr: string;
}

/** Runs a program to its end and reads its output; rejects if its exit status is not 0. */
export function finished(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let bytes = 0;
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve({ bytes, stderr });
      else reject(new Error(`${command} ${args.join(" ")} ended with ${code}: ${stderr}`));
    });
  });
}
