import { homedir } from "node:os";
import { joinPath, placeNames, stateDirectory } from "../protocol/places.ts";

/** The absolute paths of the files that the daemon and its clients share. */
export type Places = { readonly directory: string } & { readonly [Name in keyof typeof placeNames]: string };

/** The paths in `directory`; by default the state directory of this process's user. */
export function placesIn(
  directory: string = stateDirectory(process.platform, process.env, homedir()),
): Places {
  const at = (name: keyof typeof placeNames): string =>
    joinPath(process.platform, directory, placeNames[name]);
  return {
    directory,
    discovery: at("discovery"),
    socket: at("socket"),
    lock: at("lock"),
    log: at("log"),
    token: at("token"),
    instanceLock: at("instanceLock"),
    compileCache: at("compileCache"),
    reserve: at("reserve"),
  };
}
