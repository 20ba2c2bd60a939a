import { existsSync } from "node:fs";
import { join } from "node:path";
import { placeNames } from "../protocol/places.ts";
import { Problem } from "../protocol/problem.ts";
import { prepareStateDirectory } from "./core/state-directory.ts";
import { writeBackup } from "./store/backup.ts";
import { openInstanceLock } from "./store/instance-lock.ts";
import { examineStore, takeRestored, unpackBackup } from "./store/restore.ts";
import { storageProblem } from "./store/storage-errors.ts";

/**
 * A process for work on a store that would block the daemon, or that requires the daemon to be stopped: `store-task
 * check|backup|unpack|restore STATE-DIRECTORY [FILE]`, where `restore` takes the folder that `unpack` printed. It prints
 * its result as one line on standard output, or a problem as JSON on standard error.
 */
const [what, stateDirectory = "", file = ""] = process.argv.slice(2);
const packaged = join(import.meta.dirname, "native", "better_sqlite3.node");
const inDist = existsSync(packaged);
const nativeBinding = inDist ? packaged : undefined;
process.umask(0o077);

async function carryOut(): Promise<string> {
  if (what === "check") return examineStore(join(stateDirectory, "hostrun.db"), nativeBinding) ?? "ok";
  if (what === "backup") {
    await writeBackup({ stateDirectory, target: file, nativeBinding });
    return file;
  }
  prepareStateDirectory(stateDirectory);
  if (what === "unpack") {
    const migrations = join(import.meta.dirname, inDist ? "migrations" : "../migrations");
    return unpackBackup({ source: file, stateDirectory, migrations, nativeBinding });
  }
  using _ = openInstanceLock(join(stateDirectory, placeNames.instanceLock), nativeBinding);
  return takeRestored(stateDirectory, file);
}

carryOut().then(
  (result) => process.stdout.write(`${result}\n`),
  (failure: unknown) => {
    const problem = failure instanceof Problem ? failure : storageProblem(failure);
    const reported = problem ?? new Problem("internal", String(failure));
    process.stderr.write(`${JSON.stringify(reported)}\n`);
    process.exitCode = 1;
  },
);
