import { join } from "node:path";
import { placesIn } from "../client/places.ts";
import { compiledPlace, runCompiled } from "../state-directory/compiled.ts";

// The compiled code of the command line is cached, which saves a third of its start-up time.
const command = process.argv[2] ?? "";
const isCommand = /^[a-z][a-z-]*$/.test(command);
const place = isCommand ? compiledPlace(() => placesIn().directory, command) : undefined;
runCompiled(join(import.meta.dirname, "hostrun.cjs"), require, place);
