/** Messages (RFC 4250, section 4.1.2) that answer us, or belong to a channel that we opened: one for one of ours. */
const answers: ReadonlySet<number> = new Set([51, 52, 60, 81, 82, 91, 92, 96, 97, 99, 100]);
const data: ReadonlySet<number> = new Set([94, 95]);
const keyExchange = 20;

/**
 * What a server may still ask of us. A good one asks a few things a minute, and more only beside a command's data: it
 * grants window with every few KiB, and changes keys after some. One that asks without end would keep the daemon busy.
 */
export class RequestBudget {
  readonly #now: () => number;
  /** A request is 1, and 1 for each KiB of it. */
  readonly #requests = new Allowance({ max: 10_000, perSecond: 3000, perByte: 1 / 1024 });
  /** Each is 1 to 12 ms of work. OpenSSH may be told to change the keys with every packet (RekeyLimit). */
  readonly #keyExchanges = new Allowance({ max: 50, perSecond: 5, perByte: 1 / 32_768 });
  #at: number;

  /** `now`: milliseconds of a clock that never jumps. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#at = now();
  }

  /** A message of this number came in, of so many bytes; false: it is one too many. */
  take(type: number, bytes: number): boolean {
    if (data.has(type)) this.earn(bytes);
    if (data.has(type) || answers.has(type)) return true;
    const now = this.#now();
    this.#requests.pass(now - this.#at);
    this.#keyExchanges.pass(now - this.#at);
    this.#at = now;
    return type === keyExchange ? this.#keyExchanges.spend(1) : this.#requests.spend(Math.ceil(bytes / 1024));
  }

  /** So many bytes of a command's data went one way or the other. */
  earn(bytes: number): void {
    this.#requests.earn(bytes);
    this.#keyExchanges.earn(bytes);
  }
}

interface Rates {
  /** What may be spent at once. */
  readonly max: number;
  readonly perSecond: number;
  readonly perByte: number;
}

class Allowance {
  readonly #rates: Rates;
  #left: number;

  constructor(rates: Rates) {
    this.#rates = rates;
    this.#left = rates.max;
  }

  pass(milliseconds: number): void {
    this.#add((milliseconds * this.#rates.perSecond) / 1000);
  }

  earn(bytes: number): void {
    this.#add(bytes * this.#rates.perByte);
  }

  /** False when there is not so much left. */
  spend(amount: number): boolean {
    this.#left -= amount;
    return this.#left >= 0;
  }

  #add(amount: number): void {
    this.#left = Math.min(this.#rates.max, this.#left + amount);
  }
}
