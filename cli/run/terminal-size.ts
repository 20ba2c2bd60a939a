import type { WriteStream } from "node:tty";
import type { Daemon } from "../../client/daemon.ts";
import type { TerminalSize } from "../../protocol/run.ts";
import { isTerminalSize } from "../../protocol/terminal-size.ts";

/** The size of the terminal that a command is shown on; undefined if there is none, or it does not report its size. */
export function terminalSize(): TerminalSize | undefined {
  const terminal = shownOn();
  const size = { cols: terminal?.columns, rows: terminal?.rows };
  return isTerminalSize(size) ? size : undefined;
}

/** Passes each new size of this terminal on to the run's terminal, until `signal` is aborted. */
export function passSizes(daemon: Daemon, run: string, signal: AbortSignal): void {
  const pass = (): void => {
    const body = terminalSize();
    if (body === undefined) return;
    // Fails harmlessly if the command has just ended.
    daemon.call("resizeRun", { params: { run }, body, signal }).catch(() => undefined);
  };
  const terminal = shownOn();
  terminal?.on("resize", pass);
  signal.addEventListener("abort", () => terminal?.off("resize", pass), { once: true });
}

function shownOn(): WriteStream | undefined {
  return [process.stdout, process.stderr].find(({ isTTY }) => isTTY);
}
