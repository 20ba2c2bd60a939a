import type { Duplex } from "node:stream";

/** Pings help in the first few round trips; continuous output needs none. */
const maxPings = 16;

/**
 * Calls `ping` for each chunk that arrives on a socket, for as long as anyone wants it: one listener on the socket,
 * however many commands start at once.
 */
export class ForcedAcks {
  readonly #socket: Duplex;
  readonly #ping: () => void;
  #wantedBy = 0;
  #left = 0;

  constructor(socket: Duplex, ping: () => void) {
    this.#socket = socket;
    this.#ping = ping;
  }

  /** Returns a function that withdraws the request. */
  want(): () => void {
    this.#left = maxPings;
    this.#wantedBy += 1;
    if (this.#wantedBy === 1) this.#socket.on("data", this.#answer);
    let wanted = true;
    return () => {
      if (!wanted) return;
      wanted = false;
      this.#wantedBy -= 1;
      if (this.#wantedBy === 0) this.#socket.removeListener("data", this.#answer);
    };
  }

  readonly #answer = (): void => {
    this.#left -= 1;
    if (this.#left > 0) this.#ping();
  };
}
