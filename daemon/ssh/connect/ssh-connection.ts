import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import type { Problem } from "../../../protocol/problem.ts";
import type { ConnectionTransport } from "../../../protocol/stats.ts";
import type { Hop } from "../../transport/remote.ts";
import type { KeyDescription } from "../host-keys/host-key.ts";

/** A login; `key` is the fingerprint of the key that was used, null if none was needed. */
export type LoginName = readonly [user: string, address: string, port: number, key: string | null];

/** An authenticated SSH connection. */
export interface SshConnection {
  readonly transport: ConnectionTransport;
  readonly hop: Hop;
  /** The logins along its way, its own last. */
  readonly logins: readonly LoginName[];
  readonly client: Client;
  /** The server's software version, e.g. "OpenSSH_9.2p1 Debian-2". */
  readonly server: string;
  readonly kex: string;
  readonly cipher: string;
  /** Empty if the cipher authenticates by itself. */
  readonly mac: string;
  readonly hostKey: KeyDescription;
  /**
   * Whether the key that logged in forces a command, whatever is requested (authorized_keys, `command=`). Known by the
   * time a session is open; always false for servers that do not report it (OpenSSH 7.7 and later do).
   */
  forcesCommand(): Promise<boolean>;
  /** Why it closed; undefined while it is open. */
  readonly closeReason: Problem | undefined;
  /**
   * The listener is called once, when the connection closes, or immediately if it has closed; before its channels are
   * notified. Returns a function that removes it.
   */
  onClose(listener: (problem: Problem) => void): () => void;
  /** Sends tiny packets in response to incoming data until the first command runs; see `ping`. */
  forceAcks(): () => void;
  /** Makes writes on one of its channels wait until the server accepts them. */
  pace(channel: Duplex): void;
  close(): void;
}
