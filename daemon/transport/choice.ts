import type { ConnectionTransport } from "../../protocol/stats.ts";
import type { Hop } from "./remote.ts";

/** What a hop is connected to by. */
export interface TransportChoice {
  readonly transport: ConnectionTransport;
  /** Why not by ssh2, as a clause: "it …"; null where it is ssh2. */
  readonly reason: string | null;
}

const ssh2: TransportChoice = { transport: "ssh2", reason: null };

/** What a hop is connected to by, as far as its settings say. */
export function chooseTransport({ settings }: Hop): TransportChoice {
  if (settings.transport === "ssh2") return ssh2;
  if (settings.transport === "openssh") return { transport: "openssh", reason: "it is set to do so" };
  return ssh2;
}
