import { lstatSync } from "node:fs";
import { homedir } from "node:os";
import { joinPath, placeNames, stateDirectory } from "../protocol/places.ts";
import { Problem } from "../protocol/problem.ts";

/** The absolute paths of what the daemon and its clients share. */
export type Places = { readonly directory: string } & { readonly [Name in keyof typeof placeNames]: string };

/** Where things stand in `directory`; by default the state directory of this process' user. */
export function placesIn(
  directory: string = stateDirectory(process.platform, process.env, homedir()),
): Places {
  const at = (name: keyof typeof placeNames): string =>
    joinPath(process.platform, directory, placeNames[name]);
  return { directory, discovery: at("discovery"), socket: at("socket"), lock: at("lock"), log: at("log") };
}

/**
 * Refuses a state directory that somebody else could have prepared, before anything in it is trusted: a
 * symbolic link, another user's, or one that others can write to. `forbidden`; false when it is not there.
 */
export function checkDirectory({ directory }: Places): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found === undefined) return false;
  const complain = (what: string, remedy = "Move it away"): Problem =>
    new Problem(
      "forbidden",
      `The state directory ${directory} ${what}, so Hostrun does not trust it. ` +
        `${remedy}, or set HOSTRUN_HOME to a directory of your own.`,
    );
  if (found.isSymbolicLink()) throw complain("is a symbolic link");
  if (!found.isDirectory()) throw complain("is not a directory");
  const self = process.getuid?.();
  if (self === undefined) return true;
  if (found.uid !== self) throw complain(`belongs to user ${found.uid} and not to you (${self})`);
  if ((found.mode & 0o022) !== 0) {
    throw complain("can be written to by other users", `See what is in it, then close it with chmod 700`);
  }
  return true;
}
