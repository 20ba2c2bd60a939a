import { readdirSync } from "node:fs";
import { join } from "node:path";
import { placeNames } from "../protocol/places.ts";
import { checkOwn, type Kind } from "./own-file.ts";
import { ownNames } from "./own-names.ts";

/**
 * The paths of Hostrun's files in a state directory; throws `forbidden` as `checkOwn` does, also for a file of the
 * wrong type.
 */
export function checkContents(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => ownNames.test(name));
  for (const name of names) checkOwn(join(directory, name), kindOf(name));
  return names.map((name) => join(directory, name));
}

function kindOf(name: string): Kind {
  if (name === placeNames.socket) return "socket";
  return name === placeNames.compileCache || name.endsWith("-output") ? "directory" : "file";
}
