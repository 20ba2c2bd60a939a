import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The sources of what clients and the daemon share in a build. */
const folders = [
  "cli",
  "client",
  "daemon",
  "extension",
  "migrations",
  "protocol",
  "state-directory",
  "terminal",
];

/** Twelve hexadecimal digits that are the same for the same sources. */
export function buildId(root) {
  const hash = createHash("sha256").update(readFileSync(join(root, "package.json")));
  for (const folder of folders) {
    const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const path of paths.sort()) {
      const text = readFileSync(path);
      hash.update(`${path.slice(root.length)}\0${text.length}\0`).update(text);
    }
  }
  return hash.digest("hex").slice(0, 12);
}
