import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import type { Problem } from "../../../protocol/problem.ts";
import type { ConnectionTransport } from "../../../protocol/stats.ts";
import type { Hop } from "../../transport/remote.ts";
import type { KeyDescription } from "../host-keys/host-key.ts";

/** Who is logged in where; `key`: the fingerprint of the key that did it, null where none was needed. */
export type LoginName = readonly [user: string, address: string, port: number, key: string | null];

/** An SSH connection on which somebody is logged in. */
export interface SshConnection {
  readonly transport: ConnectionTransport;
  readonly hop: Hop;
  /** The logins that it consists of, its own the last. */
  readonly logins: readonly LoginName[];
  readonly client: Client;
  /** The server's software, e.g. "OpenSSH_9.2p1 Debian-2". */
  readonly server: string;
  readonly kex: string;
  readonly cipher: string;
  /** Empty where the cipher has its own. */
  readonly mac: string;
  readonly hostKey: KeyDescription;
  /**
   * Whether the key that logged in runs a command of the server's choice, whatever is asked for (authorized_keys,
   * `command=`). Known by the time a session is open; never of servers that do not tell (OpenSSH 7.7 and later do).
   */
  forcesCommand(): Promise<boolean>;
  /** Why it is gone; undefined while it is up. */
  readonly closeReason: Problem | undefined;
  /** Called once when it goes, at once when it is gone; before its channels are told. Gives back how to leave. */
  onClose(listener: (problem: Problem) => void): () => void;
  /** Sends tiny packets on what arrives until the first command runs; see `ping`. */
  forceAcks(): () => void;
  /** Has what is written on one of its channels wait until the server takes it. */
  pace(channel: Duplex): void;
  close(): void;
}
