import type { WriteStream } from "node:tty";
import type { Daemon } from "../../client/daemon.ts";
import type { TerminalSize } from "../../protocol/run.ts";
import { isTerminalSize } from "../../protocol/terminal-size.ts";

/** The size of the terminal that a command is shown on; undefined where there is none, or it tells none. */
export function terminalSize(): TerminalSize | undefined {
  const terminal = shownOn();
  const size = { cols: terminal?.columns, rows: terminal?.rows };
  return isTerminalSize(size) ? size : undefined;
}

/** Tells a run's terminal each new size of this one, until `signal` is aborted. */
export function passSizes(daemon: Daemon, run: string, signal: AbortSignal): void {
  const pass = (): void => {
    const body = terminalSize();
    if (body === undefined) return;
    // A command that has just ended needs none.
    daemon.call("resizeRun", { params: { run }, body, signal }).catch(() => undefined);
  };
  const terminal = shownOn();
  terminal?.on("resize", pass);
  signal.addEventListener("abort", () => terminal?.off("resize", pass), { once: true });
}

function shownOn(): WriteStream | undefined {
  return [process.stdout, process.stderr].find(({ isTTY }) => isTTY);
}
