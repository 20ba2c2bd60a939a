import { createHash } from "node:crypto";

/** Storage that outlives the window, like VS Code's Memento. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

const key = "hostrun.handedSettings";

/**
 * Remembers which values were given to the daemon that it does not return unchanged, such as a Redis URL with a
 * password. Only a digest of each value is stored.
 */
export class HandedSettings {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Whether the daemon at `place` returns `shown` because exactly this value was set from here. */
  has(place: string, name: string, { value, shown }: { value: unknown; shown: unknown }): boolean {
    return this.#all()[name] === digest([place, name, value, shown]);
  }

  async remember(
    place: string,
    name: string,
    { value, shown }: { value: unknown; shown: unknown },
  ): Promise<void> {
    await this.#memory.update(key, { ...this.#all(), [name]: digest([place, name, value, shown]) });
  }

  #all(): Record<string, unknown> {
    const kept = this.#memory.get(key);
    return typeof kept === "object" && kept !== null ? { ...kept } : {};
  }
}

function digest(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
