/**
 * The daemon that is followed at present. Each one's going is told once, at the latest when the next one is followed: the
 * stream of one that was replaced may end only later, when what is known is the next one's.
 */
export class FollowedDaemon<Daemon> {
  readonly #gone: () => void;
  #daemon: Daemon | undefined;

  constructor(gone: () => void) {
    this.#gone = gone;
  }

  begin(daemon: Daemon): void {
    this.#leave();
    this.#daemon = daemon;
  }

  end(daemon: Daemon): void {
    if (this.#daemon === daemon) this.#leave();
  }

  #leave(): void {
    if (this.#daemon === undefined) return;
    this.#daemon = undefined;
    this.#gone();
  }
}
