import { once } from "node:events";
import { type Cli, type Finished, finish, type TerminalSize } from "./cli.ts";

/** A terminal on which `hostrun` runs, and what was shown on it. */
export interface Terminal {
  /** Resolves when this stands behind what was waited for before. */
  shows(text: string): Promise<void>;
  type(text: string): void;
  shown(): string;
  readonly ended: Promise<Finished>;
}

export function openTerminal(cli: Cli, ...args: readonly string[]): Terminal {
  return openTerminalOf(undefined, cli, ...args);
}

export function openTerminalOf(
  size: TerminalSize | undefined,
  cli: Cli,
  ...args: readonly string[]
): Terminal {
  const terminal = cli.startOnTerminal(args, {}, size);
  const told: string[] = [];
  let read = 0;
  terminal.stdout.on("data", (chunk: Buffer) => told.push(String(chunk)));
  return {
    async shows(text) {
      while (!told.join("").includes(text, read)) {
        if (terminal.stdout.readableEnded) throw new Error(`It ended without “${text}”: ${told.join("")}`);
        using waits = new DisposableStack();
        const over = waits.adopt(new AbortController(), (each) => each.abort());
        const next = ["data", "end"].map((name) => once(terminal.stdout, name, { signal: over.signal }));
        await Promise.race(next);
        for (const each of next) each.catch(() => undefined);
      }
      read = told.join("").indexOf(text, read) + text.length;
    },
    type: (text) => void terminal.stdin.write(text),
    shown: () => told.join(""),
    ended: finish(terminal),
  };
}
