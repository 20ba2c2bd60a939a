import { chmod, mkdir, readFile } from "node:fs/promises";
import { openDirectory } from "./directory.ts";
import type { Random } from "./fault-counts.ts";

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
  /** Prints `lines` numbered lines in parts (three) with pauses of `pauseMs` between, then exits. */
  command(lines: number, pauseMs: number, parts?: number): CountedCommand;
}

/** Commands whose numbers of lines, pauses and exit codes come from `random`. */
export async function openCommandBook(random: Random): Promise<CommandBook> {
  const directory = await openDirectory({ readable: true });
  await mkdir(directory.join("counts"));
  await chmod(directory.join("counts"), 0o777);
  let commands = 0;
  return {
    command: (lines, pauseMs, count = 3) => {
      commands += 1;
      const name = `command-${commands}`;
      const path = directory.join("counts", name);
      const exitCode = random.between(0, 3) === 0 ? random.between(1, 120) : 0;
      const end = (part: number): number => Math.floor((lines * part) / count);
      const parts = Array.from(
        { length: count },
        (_, at) => `seq -f '${name} line %.0f' ${end(at) + 1} ${end(at + 1)}`,
      ).join(`; sleep ${pauseMs / 1000}; `);
      const numbered = Array.from({ length: lines }, (_, index) => `${name} line ${index + 1}\n`);
      return {
        name,
        command: `echo >> ${path}; ${parts}; exit ${exitCode}`,
        stdout: numbered.join(""),
        exitCode,
        executions: async () => (await readFile(path, "latin1").catch(() => "")).length,
      };
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
