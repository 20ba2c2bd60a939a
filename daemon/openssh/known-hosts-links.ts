import { rmSync, symlinkSync } from "node:fs";

/**
 * Names for the known_hosts files of one connection, which exist only while it logs in. `ssh` reads its files again at
 * each key exchange: once their names are gone, a server that presents another key than at the beginning is refused, even
 * if that key is known.
 */
export class KnownHostsLinks implements Disposable {
  readonly #base: string;
  readonly #links: string[] = [];

  /** The links are named `base` followed by a number. */
  constructor(base: string) {
    this.#base = base;
  }

  /** Returns the name of a link to a file, which need not exist. */
  add(path: string): string {
    const link = `${this.#base}.${this.#links.length}`;
    symlinkSync(path, link);
    this.#links.push(link);
    return link;
  }

  [Symbol.dispose](): void {
    for (const link of this.#links) rmSync(link, { force: true });
  }
}
