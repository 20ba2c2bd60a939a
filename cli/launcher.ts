import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { placesIn } from "../client/places.ts";
import { checkOwn } from "../state-directory/own-file.ts";
import { checkStateDirectory } from "../state-directory/trusted-directory.ts";
import { type CompiledPlace, runCompiled } from "./compiled.ts";

// What was compiled of the command line is kept, which saves a third of its start. It is code that runs the next time: so
// it lies where nobody else can have put anything, or nowhere.
runCompiled(join(import.meta.dirname, "hostrun.cjs"), require, placeOf(process.argv[2] ?? ""));

function placeOf(command: string): CompiledPlace | undefined {
  if (!/^[a-z][a-z-]*$/.test(command)) return undefined;
  try {
    const { directory, compileCache } = placesIn();
    if (!checkStateDirectory(directory)) return undefined;
    mkdirSync(compileCache, { mode: 0o700, recursive: true });
    checkOwn(compileCache, "directory");
    return { directory: compileCache, command };
  } catch {
    // Without it everything works, too; what is wrong with the directory is told by what needs it.
    return undefined;
  }
}
