import type { Socket } from "node:net";
import type { Attempt } from "../failure.ts";

/** How long an attempt runs alone before the next one starts (RFC 8305, section 5). */
const attemptDelayMs = 250;

const ignore = (): void => undefined;

export interface RaceOptions {
  /** In the order in which they are tried; at least one. */
  readonly addresses: readonly string[];
  readonly connect: (address: string) => Socket;
  /** Called whenever another attempt starts or fails. */
  readonly changed: (attempts: readonly Attempt[]) => void;
}

/**
 * Connects to several addresses of one host, each a moment after the previous one, or immediately when that one fails.
 * The first to connect wins and the others are closed; none is given up before that.
 */
export class ConnectionRace {
  readonly #options: RaceOptions;
  readonly #outcome = Promise.withResolvers<Socket>();
  readonly #attempts = new Map<string, Error | undefined>();
  readonly #open = new Set<Socket>();
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(options: RaceOptions) {
    this.#options = options;
  }

  get attempts(): Attempt[] {
    return [...this.#attempts].map(([address, failure]) => ({ address, ...(failure && { failure }) }));
  }

  /** Rejects when the last attempt has failed; `attempts` describes each. Never settles after `giveUp`. */
  run(): Promise<Socket> {
    this.#begin();
    return this.#outcome.promise;
  }

  giveUp(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    for (const socket of this.#open) socket.destroy();
    this.#open.clear();
  }

  #begin(): void {
    clearTimeout(this.#timer);
    const { addresses, connect, changed } = this.#options;
    const address = addresses[this.#next];
    if (address === undefined) return;
    this.#next += 1;
    this.#attempts.set(address, undefined);
    const socket = connect(address);
    this.#open.add(socket);
    const failed = (failure: Error): void => this.#failed(socket, address, failure);
    socket.on("error", failed);
    socket.once("connect", () => {
      this.#won(socket);
      // For the socket's lifetime: an error without a listener would end the process. This one keeps nothing of the race.
      socket.on("error", ignore);
      socket.off("error", failed);
    });
    if (this.#next < addresses.length) this.#timer = setTimeout(() => this.#begin(), attemptDelayMs);
    changed(this.attempts);
  }

  #failed(socket: Socket, address: string, failure: Error): void {
    if (this.#over || !this.#open.delete(socket)) return;
    this.#attempts.set(address, failure);
    this.#options.changed(this.attempts);
    this.#begin();
    if (this.#open.size === 0) this.#outcome.reject(failure);
  }

  #won(socket: Socket): void {
    if (this.#over) return;
    this.#open.delete(socket);
    this.giveUp();
    this.#outcome.resolve(socket);
  }
}
