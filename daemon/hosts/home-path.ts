import { join } from "node:path";

/** A path that a person typed, with their home directory for `~`. */
export function homePath(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}
