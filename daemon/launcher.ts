import { homedir } from "node:os";
import { join } from "node:path";
import { stateDirectory } from "../protocol/places.ts";
import { compiledPlace, runCompiled } from "../state-directory/compiled.ts";

// Caches the daemon's compiled code, which saves a third of the time of its start and of its first commands. No command
// of the command line has this name.
const place = compiledPlace(() => directoryOf(process.argv.slice(2)), "_daemon");
runCompiled(join(import.meta.dirname, "daemon-main.cjs"), require, place);

/** As in main.ts, which reports what is wrong with the arguments. */
function directoryOf(args: readonly string[]): string {
  const at = args.findIndex((word) => word.startsWith("--state-dir"));
  const given = args[at]?.startsWith("--state-dir=") === true ? args[at].slice(12) : args[at + 1];
  const env = at < 0 || given === undefined ? process.env : { ...process.env, HOSTRUN_HOME: given };
  return stateDirectory(process.platform, env, homedir());
}
