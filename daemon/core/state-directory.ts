import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { placeNames } from "../../protocol/places.ts";
import { checkOwn, type Kind } from "../../state-directory/own-file.ts";
import { makeStateDirectory } from "../../state-directory/trusted-directory.ts";

/** How the names begin of all that Hostrun keeps in its state directory. */
const ownNames = /^(?:daemon\.(?:json|lock|log|sock)|config\.json|known_hosts|instance\.lock|hostrun\.db)/;

/**
 * Makes the state directory with mode 0700, or checks the one that is there and what it holds: whatever could have been
 * planted by somebody else is refused (`forbidden`) before anything is read or written. One that others could only look
 * into is closed to them.
 */
export function prepareStateDirectory(path: string): void {
  makeStateDirectory(path);
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) {
    if (ownNames.test(name)) checkOwn(join(path, name), kindOf(name));
  }
}

function kindOf(name: string): Kind {
  if (name === placeNames.socket) return "socket";
  return name.endsWith("-output") ? "directory" : "file";
}
