import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";

/** Starts a line of sh on a terminal of its own (util-linux's script), which echoes what is written to its stdin. */
export function startOnTerminal(
  line: string,
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string },
): ChildProcessWithoutNullStreams {
  return spawn("script", ["-qefc", line, "/dev/null"], { ...options, stdio: "pipe" });
}

/** One word for sh, whatever the text contains. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
