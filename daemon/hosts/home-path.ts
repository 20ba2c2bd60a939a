import { join } from "node:path";

/** Expands `~` in a path that a user typed. */
export function homePath(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}
