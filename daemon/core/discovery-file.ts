import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Discovery, protocolVersion } from "../../protocol/discovery.ts";
import { placeNames } from "../../protocol/places.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import type { Scope } from "./scope.ts";

export interface DiscoveryOptions extends Pick<Discovery, "version" | "pid" | "socket" | "startedAt"> {
  readonly stateDirectory: string;
}

/** Tells clients where the daemon is, until the scope ends. */
export function writeDiscoveryFile(options: DiscoveryOptions, scope: Scope): void {
  const { stateDirectory, version, pid, socket, startedAt } = options;
  const path = join(stateDirectory, placeNames.discovery);
  const token = randomBytes(32).toString("base64url");
  const discovery: Discovery = {
    version,
    pid,
    socket,
    startedAt,
    protocol: protocolVersion,
    url: null,
    token,
  };
  writeFileAtomically(path, `${JSON.stringify(discovery)}\n`);
  scope.defer(() => rmSync(path, { force: true }));
}
