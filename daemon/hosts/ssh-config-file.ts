import { globSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";

const deepest = 16;
const largestBytes = 4 * 1024 * 1024;

/**
 * The text of an SSH config file with its Include lines replaced by what they name (ssh_config(5)): paths
 * are relative to `~/.ssh`, may be patterns, and one that names nothing is passed over. A missing file
 * reads as undefined; an unreadable one is a Problem that names it.
 */
export function readSshConfig(path: string, home: string): string | undefined {
  return readExpanded(path, home, 0);
}

function readExpanded(path: string, home: string, depth: number): string | undefined {
  const text = readText(path);
  if (text === undefined || depth >= deepest) return text;
  return text
    .split("\n")
    .map((line) => {
      const paths = includedPaths(line);
      if (paths === undefined) return line;
      return paths
        .flatMap((pattern) => globSync(absolutePath(pattern, home, dirname(path))).sort())
        .map((file) => readExpanded(file, home, depth + 1) ?? "")
        .join("\n");
    })
    .join("\n");
}

function readText(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    if (text.length <= largestBytes) return text;
    throw new Problem("invalid_request", `${visibleLine(path)} is larger than 4 MiB; that is no SSH config.`);
  } catch (failure) {
    if (failure instanceof Problem) throw failure;
    if (failure instanceof Error && "code" in failure && failure.code === "ENOENT") return undefined;
    throw new Problem(
      "invalid_request",
      `${visibleLine(path)} cannot be read. Check that it is a file and its permissions.`,
      {
        cause: failure,
      },
    );
  }
}

function includedPaths(line: string): string[] | undefined {
  const match = /^\s*include(?:\s+|\s*=\s*)(.+?)\s*$/i.exec(line);
  const words = match?.[1]?.matchAll(/"([^"]*)"|(\S+)/g);
  return words === undefined ? undefined : [...words].map((word) => word[1] ?? word[2] ?? "");
}

function absolutePath(path: string, home: string, folder: string): string {
  if (path.startsWith("~/")) return join(home, path.slice(2));
  const base = folder.startsWith("/etc/") ? folder : join(home, ".ssh");
  return isAbsolute(path) ? path : join(base, path);
}
