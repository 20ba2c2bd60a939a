import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A file of this name may be the NODE_REDIRECT_WARNINGS of processes whose standard error nobody sees. */
export const warningsFile = "node-warnings.log";

/** Throws when a Node process that wrote `stderr` warned of something: "(node:7) MaxListenersExceededWarning: …". */
export function expectNoWarnings(stderr: string, who: string): void {
  const warnings = stderr.match(/^\(node:\d+\) .*Warning: .*$/gm);
  if (warnings !== null) throw new Error(`${who} warned:\n${warnings.join("\n")}`);
}

/** The same for the daemons that had their log, and others that had their warnings, anywhere below `directory`. */
export async function expectNoWarningsBelow(directory: string): Promise<void> {
  // What is written to meanwhile may also go meanwhile.
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await expectNoWarningsBelow(path);
    else if (entry.isFile() && (entry.name.startsWith("daemon.log") || entry.name === warningsFile)) {
      expectNoWarnings(await readFile(path, "utf8").catch(() => ""), `What wrote ${entry.name}`);
    }
  }
}
