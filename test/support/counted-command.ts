import { chmod, mkdir, readFile } from "node:fs/promises";
import { openDirectory } from "./directory.ts";
import type { Random } from "./fault-figures.ts";

/** A command of which everything is known: what it prints, how it exits, how often it was executed. */
export interface CountedCommand {
  readonly name: string;
  readonly command: string;
  readonly stdout: string;
  readonly exitCode: number;
  /** How often the host has begun it. */
  executions(): Promise<number>;
}

export interface CommandBook extends AsyncDisposable {
  /** Prints `lines` numbered lines in three parts with pauses of `pauseMs` between, then exits. */
  command(lines: number, pauseMs: number): CountedCommand;
}

/** Commands whose numbers of lines, pauses and exit codes come from `random`. */
export async function openCommandBook(random: Random): Promise<CommandBook> {
  const directory = await openDirectory({ readable: true });
  await mkdir(directory.join("counts"));
  await chmod(directory.join("counts"), 0o777);
  let count = 0;
  return {
    command: (lines, pauseMs) => {
      count += 1;
      const name = `command-${count}`;
      const path = directory.join("counts", name);
      const exitCode = random.between(0, 3) === 0 ? random.between(1, 120) : 0;
      const [first, second] = [Math.floor(lines / 3), Math.floor((2 * lines) / 3)];
      const part = (from: number, to: number): string => `seq -f '${name} line %.0f' ${from} ${to}`;
      const pause = `sleep ${pauseMs / 1000}`;
      const parts = [part(1, first), pause, part(first + 1, second), pause, part(second + 1, lines)];
      const numbered = Array.from({ length: lines }, (_, index) => `${name} line ${index + 1}\n`);
      return {
        name,
        command: `echo >> ${path}; ${parts.join("; ")}; exit ${exitCode}`,
        stdout: numbered.join(""),
        exitCode,
        executions: async () => (await readFile(path, "latin1").catch(() => "")).length,
      };
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
