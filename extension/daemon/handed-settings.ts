import { createHash } from "node:crypto";

/** Where values outlive the window, as VS Code's Memento. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

const key = "hostrun.handedSettings";

/**
 * Remembers which values the daemon was given that it does not show as they are, such as a Redis URL with a password.
 * Of the value itself only a digest is kept.
 */
export class HandedSettings {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Whether the daemon at `place` shows `shown` because it was given just this value from here. */
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
