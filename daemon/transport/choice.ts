import type { ConnectionTransport } from "../../protocol/stats.ts";
import type { Hop } from "./remote.ts";
import { needsBeyondSsh2 } from "./ssh2-needs.ts";

/** What a hop is connected to by. */
export interface TransportChoice {
  readonly transport: ConnectionTransport;
  /** Why not by ssh2, as a clause; null where it is ssh2. */
  readonly reason: string | null;
}

/** What there is to log in with that ssh2 can't use. */
export type OpenSshMeans = "certificate" | "hardware" | "ticket";

const reasons: Readonly<Record<OpenSshMeans, string>> = {
  certificate: "it uses a certificate",
  hardware: "it uses a key in hardware",
  ticket: "it uses a Kerberos ticket",
};
const ssh2: TransportChoice = { transport: "ssh2", reason: null };

/**
 * What a hop is connected to by: ssh2, unless OpenSSH would take something into account that ssh2 can't. That it could
 * do without does not matter: `ssh` would not.
 */
export function chooseTransport(
  { settings }: Pick<Hop, "settings">,
  means: readonly OpenSshMeans[],
): TransportChoice {
  if (settings.transport === "ssh2") return ssh2;
  if (settings.transport === "openssh") return { transport: "openssh", reason: "it is set to do so" };
  const [first] = means;
  const reason = needsBeyondSsh2({ settings })[0]?.why ?? (first === undefined ? undefined : reasons[first]);
  return reason === undefined ? ssh2 : { transport: "openssh", reason };
}
