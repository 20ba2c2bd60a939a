import type { Host } from "../../protocol/host.ts";
import type { SshConfig } from "./openssh/config-names.ts";

/** A host without its position in the SSH config. */
export type UnplacedHost = Omit<Host, "configAt">;

/** Adds the position of the host in the SSH config; null if it is not there, or the config cannot be read. */
export function placed(host: UnplacedHost, config: SshConfig | undefined): Host {
  const alias = config?.aliases.get(host.name);
  return { ...host, configAt: alias === undefined ? null : { file: alias.file, line: alias.line } };
}
