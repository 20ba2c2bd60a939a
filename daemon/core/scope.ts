type Release = () => void | Promise<void>;

/**
 * Owns resources and releases them in reverse order. Disposing first aborts `signal`, so that work in progress stops
 * before its resources are gone; every release is attempted, and failures are collected into one AggregateError.
 */
export class Scope implements AsyncDisposable {
  readonly #releases: Release[] = [];
  readonly #controller = new AbortController();
  #disposed: Promise<void> | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Calls `release` when the scope ends, or immediately if it has ended already. */
  defer(release: Release): void {
    if (this.#disposed === undefined) this.#releases.push(release);
    else void this.#disposed.then(release).catch(() => undefined);
  }

  own<T extends AsyncDisposable | Disposable>(thing: T): T {
    this.defer(async () => {
      if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]();
      else thing[Symbol.dispose]();
    });
    return thing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    this.#controller.abort();
    const failures: unknown[] = [];
    for (const release of this.#releases.splice(0).reverse()) {
      try {
        await release();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "Some things could not be released");
  }
}
