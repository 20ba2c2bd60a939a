import { mkdirSync } from "node:fs";
import { createRequire, enableCompileCache } from "node:module";
import { placesIn } from "../client/places.ts";
import { checkOwn } from "../state-directory/own-file.ts";
import { checkStateDirectory } from "../state-directory/trusted-directory.ts";

// What Node compiles of the command line is kept, which saves a fifth of its start. It is code that runs the next time:
// so it lies where nobody else can have put anything, or nowhere.
try {
  const { directory, compileCache } = placesIn();
  if (checkStateDirectory(directory)) {
    mkdirSync(compileCache, { mode: 0o700, recursive: true });
    checkOwn(compileCache, "directory");
    // Not there before Node 22.1.
    Reflect.apply(enableCompileCache ?? (() => undefined), undefined, [compileCache]);
  }
} catch {
  // Without it everything works, too; what is wrong with the directory is told by what needs it.
}

createRequire(import.meta.filename)("./hostrun.cjs");
