import type { ClientChannel } from "ssh2";
import { isUsable, openChannel } from "../channel/exec.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";
import { takesSpare } from "./server-traits.ts";

/** A session channel that is opened ahead of the command that will use it. */
export class SpareSession {
  #channel: ClientChannel | undefined;
  #opening = false;
  #refused = 0;

  /** Takes the channel, if it is usable. */
  take(): ClientChannel | undefined {
    const channel = this.#channel;
    this.#channel = undefined;
    return channel !== undefined && isUsable(channel) ? channel : undefined;
  }

  /**
   * Opens one if there is none; `sessions` is the number in use on the connection. A server that repeatedly refuses one
   * while it has sessions is not asked again until it has none.
   */
  async prepare(connection: SshConnection, sessions: number): Promise<void> {
    if (this.#channel !== undefined || this.#opening) return;
    const isWorthTrying = sessions === 0 || this.#refused < 2;
    if (!isWorthTrying || !takesSpare(connection)) return;
    this.#opening = true;
    const opening = await openChannel(connection);
    this.#opening = false;
    if (opening.kind === "opened") this.#channel = opening.channel;
    if (opening.kind === "refused") this.#refused += 1;
  }
}
