import type { ConnectionTransport } from "../../protocol/stats.ts";
import type { Hop } from "./remote.ts";
import { needsBeyondSsh2 } from "./ssh2-needs.ts";

/** How a hop is connected to. */
export interface TransportChoice {
  readonly transport: ConnectionTransport;
  /** Why not with ssh2, as a clause; null for ssh2. */
  readonly reason: string | null;
}

/** Credentials that ssh2 can't use. */
export type OpenSshCredential = "certificate" | "hardware" | "ticket";

const reasons: Readonly<Record<OpenSshCredential, string>> = {
  certificate: "it uses a certificate",
  hardware: "it uses a key in hardware",
  ticket: "it uses a Kerberos ticket",
};
const ssh2: TransportChoice = { transport: "ssh2", reason: null };

/**
 * Chooses ssh2 unless OpenSSH would use something that ssh2 can't. Whether a login could work without it does not matter:
 * `ssh` would use it.
 */
export function chooseTransport(
  { settings }: Pick<Hop, "settings">,
  means: readonly OpenSshCredential[],
): TransportChoice {
  if (settings.transport === "ssh2") return ssh2;
  if (settings.transport === "openssh") return { transport: "openssh", reason: "it is set to do so" };
  const [first] = means;
  const reason = needsBeyondSsh2({ settings })[0]?.why ?? (first === undefined ? undefined : reasons[first]);
  return reason === undefined ? ssh2 : { transport: "openssh", reason };
}
