import { chmodSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { placeNames } from "../../protocol/places.ts";
import { cannotUse } from "../../state-directory/file-problem.ts";
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
  close(path);
  for (const name of readdirSync(path)) {
    if (ownNames.test(name)) checkOwn(join(path, name), kindOf(name));
  }
}

function close(path: string): void {
  if ((statSync(path).mode & 0o077) === 0) return;
  try {
    chmodSync(path, 0o700);
  } catch (cause) {
    throw cannotUse(`The state directory ${path} cannot be closed to other users`, cause);
  }
}

function kindOf(name: string): Kind {
  if (name === placeNames.socket) return "socket";
  return name.endsWith("-output") ? "directory" : "file";
}
