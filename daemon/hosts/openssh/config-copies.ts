import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigLine, ConfigTree } from "./config-line.ts";

/** Whether an Include means something else to ssh, which ignores HOME and uses the account's home directory. */
export function needsCopies(trees: readonly ConfigTree[]): boolean {
  return trees.some(({ lines, included }) => {
    const relative = lines.some(
      ({ keyword, words = [] }) => keyword === "include" && words.some((word) => !word.startsWith("/")),
    );
    return relative || needsCopies([...included.values()].flat());
  });
}

/**
 * Copies of a configuration in which every Include has absolute paths, to further copies: for `ssh -F` if HOME is not
 * the account's home directory. Line numbers are preserved.
 */
export class ConfigCopies {
  readonly #directory: string;
  readonly #originals = new Map<string, string>();
  #made = 0;

  /** `directory` is used for copies only. */
  constructor(directory: string) {
    this.#directory = directory;
    rmSync(directory, { recursive: true, force: true });
  }

  /** Returns the path of the first file's copy. The previous copies are kept for their current readers. */
  make(root: ConfigTree): string {
    this.#made += 1;
    const folder = join(this.#directory, String(this.#made));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const before = join(this.#directory, String(this.#made - 2));
    rmSync(before, { recursive: true, force: true });
    this.#originals.clear();
    return this.#copy(root, folder);
  }

  /** Replaces the names of copies in ssh's messages by those of the originals. */
  named(text: string): string {
    let result = text;
    for (const [copy, original] of this.#originals) result = result.replaceAll(copy, original);
    return result;
  }

  #copy(tree: ConfigTree, folder: string): string {
    const path = join(folder, `${this.#originals.size}.conf`);
    this.#originals.set(path, tree.path);
    const includes = new Map(
      [...tree.included].map(([line, trees]): [number, ConfigTree[]] => [line.line, [...trees]]),
    );
    const texts = tree.text.split("\n").map((text, index) => {
      const trees = includes.get(index + 1);
      if (trees === undefined || isBroken(tree.lines, index + 1)) return text;
      const copies = trees.map((each) => asIncluded(this.#copy(each, folder)));
      return copies.length === 0 ? "" : `Include ${copies.join(" ")}`;
    });
    writeFileSync(path, texts.join("\n"), { mode: 0o600, flag: "wx" });
    return path;
  }
}

/** A path as a word of an Include, which is quoted, and is a pattern of glob(3). */
function asIncluded(path: string): string {
  const pattern = path.replaceAll(/[\\*?[]/g, String.raw`\$&`);
  return `"${pattern.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** A line that is left for ssh to reject. */
function isBroken(lines: readonly ConfigLine[], number: number): boolean {
  return lines.find(({ line }) => line === number)?.words === undefined;
}
