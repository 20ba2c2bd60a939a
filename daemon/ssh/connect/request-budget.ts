/**
 * Messages (RFC 4250, section 4.1.2) that reply to one of ours, or belong to a channel that we opened: one for each of
 * ours.
 */
const answers: ReadonlySet<number> = new Set([51, 52, 60, 81, 82, 91, 92, 96, 97, 99, 100]);
const data: ReadonlySet<number> = new Set([94, 95]);
const keyExchange = 20;

/**
 * What a server may still request. A well-behaved one makes a few requests a minute, and more only along with a command's
 * data: it adjusts the window every few KiB, and rekeys now and then. One that requests endlessly would keep the daemon
 * busy.
 */
export class RequestBudget {
  readonly #now: () => number;
  /** A request costs 1 per KiB, rounded up. */
  readonly #requests = new Allowance({ max: 10_000, perSecond: 3000, perByte: 1 / 1024 });
  /** Each takes 1 to 12 ms of work. OpenSSH may be configured to rekey with every packet (RekeyLimit). */
  readonly #keyExchanges = new Allowance({ max: 50, perSecond: 5, perByte: 1 / 32_768 });
  #at: number;

  /** `now` returns the milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#at = now();
  }

  /** Counts an incoming message by its number and size; false: it is one too many. */
  take(type: number, bytes: number): boolean {
    if (data.has(type)) this.earn(bytes);
    if (data.has(type) || answers.has(type)) return true;
    const now = this.#now();
    this.#requests.pass(now - this.#at);
    this.#keyExchanges.pass(now - this.#at);
    this.#at = now;
    return type === keyExchange ? this.#keyExchanges.spend(1) : this.#requests.spend(Math.ceil(bytes / 1024));
  }

  /** Credits the bytes of a command's data, sent or received. */
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

  /** False if less than that was left. */
  spend(amount: number): boolean {
    this.#left -= amount;
    return this.#left >= 0;
  }

  #add(amount: number): void {
    this.#left = Math.min(this.#rates.max, this.#left + amount);
  }
}
