import { dirname, isAbsolute, join } from "node:path";
import type { DirectoryContent } from "../../core/regular-file.ts";
import { matchesPattern } from "../../core/wildcard.ts";

/** Lists a directory, sorted. */
interface Directories {
  list(path: string): Promise<DirectoryContent>;
}

/** The files that an Include line of `file` names (ssh_config(5)), in order; paths without a pattern need not exist. */
export async function includedPaths(
  words: readonly string[],
  { file, home, files }: { readonly file: string; readonly home: string; readonly files: Directories },
): Promise<string[]> {
  const paths: string[] = [];
  for (const word of words)
    paths.push(...(await expandPattern(absolutePath(word, home, dirname(file)), files)));
  return paths;
}

function absolutePath(path: string, home: string, folder: string): string {
  if (path.startsWith("~/")) return join(home, path.slice(2));
  const base = folder.startsWith("/etc/") ? folder : join(home, ".ssh");
  return isAbsolute(path) ? path : join(base, path);
}

const magic = /[*?[]/;
const maxPaths = 10_000;

/** Like glob(3): an unreadable directory is empty, and a leading dot must be matched explicitly. */
async function expandPattern(pattern: string, files: Directories): Promise<string[]> {
  if (!magic.test(pattern)) return [pattern];
  let paths = [""];
  for (const segment of pattern.split("/").slice(1)) {
    if (!magic.test(segment)) {
      paths = paths.map((path) => `${path}/${segment}`);
      continue;
    }
    const matches = createMatcher(segment);
    const found: string[] = [];
    for (const path of paths.slice(0, maxPaths)) {
      const listed = await files.list(path === "" ? "/" : path);
      if (listed.kind !== "names") continue;
      const names = listed.names.filter((name) => matches(name));
      found.push(...names.map((name) => `${path}/${name}`));
    }
    paths = found;
  }
  return paths;
}

type Token = "star" | ((letter: string) => boolean);

/** Matches one component of a path. */
function createMatcher(segment: string): (name: string) => boolean {
  const tokens = [...segment.matchAll(/\*+|\?|\[([!^]?)(\]?[^\]]*)\]|\\?([^])/g)].map(tokenOf);
  return (name) => {
    if (name.startsWith(".") && !segment.startsWith(".")) return false;
    const letters = [...name];
    return matchesPattern(tokens.length, letters.length, {
      isStar: (at) => tokens[at] === "star",
      fits: (at, position) => {
        const token = tokens[at];
        return typeof token === "function" && token(letters[position] ?? "");
      },
    });
  };
}

function tokenOf([text, negation, members, letter]: RegExpMatchArray): Token {
  if (text.startsWith("*")) return "star";
  if (text === "?") return () => true;
  if (members === undefined) return (other) => other === letter;
  const ranges = [...members.matchAll(/([^])-([^])|([^])/g)].map(([, from, to, one]) => [
    from ?? one ?? "",
    to ?? one ?? "",
  ]);
  return (other) => ranges.some(([from = "", to = ""]) => from <= other && other <= to) === (negation === "");
}
