import { rmSync, symlinkSync } from "node:fs";

/**
 * Names for the known_hosts files of one connection, for as long as it logs in. `ssh` reads its files anew at each key
 * exchange: with their names gone, a server that shows another key than at the beginning is refused, also where that key is
 * known, too.
 */
export class KnownHostsLinks implements Disposable {
  readonly #base: string;
  readonly #links: string[] = [];

  /** The links are `base` with a number behind it. */
  constructor(base: string) {
    this.#base = base;
  }

  /** The name that stands for a file, which need not be there. */
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
