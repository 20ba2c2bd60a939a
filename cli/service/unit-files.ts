import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Problem } from "../../protocol/problem.ts";
import type { Service } from "./service.ts";

interface WrittenFiles {
  /** Whether the files existed before. */
  readonly replaced: boolean;
  /** Restores what was there before. */
  undo(): void;
}

/**
 * Writes the files of a service, each atomically. Throws `conflict` if one is not a regular file; then nothing was
 * written.
 */
export function writeUnitFiles(files: Service["files"]): WrittenFiles {
  const before = files.map(({ path }) => ({ path, text: textOf(path) }));
  const undo = (): void => {
    for (const { path, text } of before) {
      if (text === undefined) rmSync(path, { force: true });
      else write(path, text);
    }
  };
  try {
    for (const { path, text } of files) write(path, text);
  } catch (failure) {
    undo();
    throw failure;
  }
  return { replaced: before.some(({ text }) => text !== undefined), undo };
}

/** Writing through a link would change another file, such as `/dev/null` for a masked unit. */
function textOf(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (found.isFile()) return readFileSync(path, "utf8");
  const what = found.isSymbolicLink() ? "a symbolic link" : "no regular file";
  const advice = "Remove it first (`systemctl --user unmask` where the unit is masked).";
  throw new Problem("conflict", `${path} is ${what}, and is not written to. ${advice}`);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o644, flag: "wx" });
  renameSync(draft, path);
}
