import type { Change } from "../../protocol/change.ts";

/** More than come while a list is read; then it is read again. */
const maxKept = 10_000;

/**
 * The changes of the items in a list. Those that arrive while the list is read are taken again after what was read, which may
 * be older than they are.
 */
export class ItemChanges {
  readonly #take: (change: Change) => void;
  /** For each read that is under way, what has changed since it began. */
  readonly #reads = new Set<Change[]>();
  #begun = 0;
  #shown = 0;

  /** `take`: changes one item; may be called with the same change twice. */
  constructor(take: (change: Change) => void) {
    this.#take = take;
  }

  take(change: Change): void {
    for (const since of this.#reads) if (since.length < maxKept) since.push(change);
    this.#take(change);
  }

  /**
   * Reads the list and shows it, brought up to date. Not shown if a read that began later already was. Rejects as `read`
   * does.
   */
  async read<T>(read: () => Promise<T>, show: (answer: T) => void): Promise<void> {
    this.#begun += 1;
    const number = this.#begun;
    const since: Change[] = [];
    this.#reads.add(since);
    try {
      const answer = await read();
      if (number < this.#shown) return;
      if (since.length === maxKept) return await this.read(read, show);
      this.#shown = number;
      show(answer);
      for (const change of since) this.#take(change);
    } finally {
      this.#reads.delete(since);
    }
  }
}
