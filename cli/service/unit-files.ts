import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { Service } from "./service.ts";
import { writtenBy } from "./written-by.ts";

/** The state directory in the command line of a unit, a property list or a task, as it is written there. */
const served = [
  /"--state-dir" "(.*)"$/m,
  /<string>--state-dir<\/string>\s*<string>(.*)<\/string>/,
  /&quot;--state-dir&quot; &quot;(.*)&quot;<\/Arguments>/,
];

/** The only file of earlier versions in which no state directory is named. */
const socketOfEarlier = /^Description=Socket of the Hostrun daemon$/m;

/**
 * Throws `conflict` if a file is there that `hostrun install-service` did not write, or wrote for another state directory:
 * all have the same names, and one would take the other's place.
 */
export function refuseOther(files: Service["files"]): void {
  for (const { path, text } of files) {
    const found = textOf(path);
    if (found === undefined) continue;
    const theirs = servedBy(found);
    if (theirs === undefined && !found.includes(writtenBy) && !socketOfEarlier.test(found))
      throw notWritten(path);
    if (theirs === undefined || theirs === servedBy(text)) continue;
    throw new Problem(
      "conflict",
      `${path} is the service for another state directory, ${visibleLine(theirs)}, and was left alone. There is one service for ` +
        "each user: remove it by `hostrun uninstall-service` with HOSTRUN_HOME set to that directory, or use `hostrun start` here.",
    );
  }
}

function servedBy(text: string): string | undefined {
  return served.map((form) => form.exec(text)?.[1]).find((found) => found !== undefined);
}

function notWritten(path: string): Problem {
  return new Problem(
    "conflict",
    `${path} was not written by \`hostrun install-service\`, and was left alone. Rename or remove it yourself if it is not needed.`,
  );
}

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
  throw new Problem("conflict", `${path} is ${what}, and was left alone. ${advice}`);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o644, flag: "wx" });
  renameSync(draft, path);
}
