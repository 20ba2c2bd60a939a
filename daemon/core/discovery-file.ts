import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Discovery, parseDiscovery, protocolVersion } from "../../protocol/discovery.ts";
import { placeNames } from "../../protocol/places.ts";
import { readOwnFile } from "../../state-directory/own-file.ts";
import type { AccessToken } from "./access-token.ts";
import { writeFileAtomically } from "../../state-directory/atomic-file.ts";
import { parseJson } from "./json.ts";
import type { Scope } from "./scope.ts";

export interface DiscoveryOptions
  extends Pick<Discovery, "version" | "pid" | "socket" | "startedAt" | "url"> {
  readonly stateDirectory: string;
  readonly token: AccessToken;
}

/** Where the daemon that runs listens on TCP, as far as its file tells. */
export function urlOfRunning(stateDirectory: string): string | null | undefined {
  const text = readOwnFile(join(stateDirectory, placeNames.discovery));
  return text === undefined ? undefined : parseDiscovery(parseJson(text))?.url;
}

/** What a killed daemon left says nothing of the next one. Only for who holds the instance lock. */
export function removeDiscoveryFile(stateDirectory: string): void {
  rmSync(join(stateDirectory, placeNames.discovery), { force: true });
}

/** Tells clients where the daemon is, until the scope ends. Only for who holds the instance lock for as long. */
export function writeDiscoveryFile(options: DiscoveryOptions, scope: Scope): void {
  const { stateDirectory, token, version, pid, socket, url, startedAt } = options;
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
  scope.defer(() => removeDiscoveryFile(stateDirectory));
}
