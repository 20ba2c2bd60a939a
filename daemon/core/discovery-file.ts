import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Discovery, parseDiscovery, protocolVersion } from "../../protocol/discovery.ts";
import { placeNames } from "../../protocol/places.ts";
import { readOwnFile } from "../../state-directory/own-file.ts";
import type { AccessToken } from "./access-token.ts";
import { writeFileAtomically } from "../../state-directory/atomic-file.ts";
import { parseJson } from "./json.ts";
import type { NeededFile } from "./lost-files.ts";
import type { Scope } from "./scope.ts";

export interface DiscoveryOptions
  extends Pick<Discovery, "version" | "pid" | "socket" | "startedAt" | "url"> {
  readonly stateDirectory: string;
  readonly token: AccessToken;
  /** See InstanceLock. */
  readonly isInPlace: () => Promise<boolean>;
}

/** The TCP address of the running daemon, according to its file. */
export function urlOfRunning(stateDirectory: string): string | null | undefined {
  const text = readOwnFile(join(stateDirectory, placeNames.discovery));
  return text === undefined ? undefined : parseDiscovery(parseJson(text))?.url;
}

/** A killed daemon's file says nothing about the next one. Only for the holder of the instance lock. */
export function removeDiscoveryFile(stateDirectory: string): void {
  rmSync(join(stateDirectory, placeNames.discovery), { force: true });
}

/**
 * Announces the daemon's address to clients until the scope ends. Only for the holder of the instance lock, which must be
 * held that long. Returns the file.
 */
export function writeDiscoveryFile(options: DiscoveryOptions, scope: Scope): NeededFile {
  const { stateDirectory, token, isInPlace, version, pid, socket, url, startedAt } = options;
  const path = join(stateDirectory, placeNames.discovery);
  const write = (): void => {
    const discovery: Discovery = {
      version,
      pid,
      socket,
      startedAt,
      protocol: protocolVersion,
      url,
      token: token.value,
    };
    writeFileAtomically(path, `${JSON.stringify(discovery)}\n`);
  };
  write();
  token.onReplaced(write);
  scope.defer(async () => {
    if (await isInPlace().catch(() => true)) removeDiscoveryFile(stateDirectory);
  });
  return { path, restore: write };
}
