import { LRUCache } from "lru-cache";
import type { Clock } from "../../core/clock.ts";
import type { Target } from "../../transport/remote.ts";
import { textOfTarget } from "../../transport/target-text.ts";
import type { CredentialSource, LoginTarget } from "./credentials.ts";

interface Lookup {
  readonly begunAt: number;
  readonly completed: Promise<LoginTarget>;
}

/** The result is used at once: later, a key may have been removed from the agent. */
const maxAgeMs = 1000;
const maxLookups = 100;

/**
 * Credential look-ups. One can be started early, while the host's address is still being checked; a caller never gets one
 * that started before its own request.
 */
export class LoginLookups {
  readonly #source: Pick<CredentialSource, "complete">;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #last = new LRUCache<string, Lookup>({ max: maxLookups });

  constructor(source: Pick<CredentialSource, "complete">, clock: Pick<Clock, "elapsed">) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Starts the look-up for an `of` with the same target and agent that is about to follow. */
  begin(target: Target, agentSocket: string | null): void {
    const begunAt = this.#clock.elapsed();
    const completed = this.#source.complete(target, agentSocket);
    this.#last.set(keyOf(target, agentSocket), { begunAt, completed });
  }

  /** `askedAt`: when the caller's request arrived, by the clock's `elapsed`; undefined: now. Never rejects. */
  of(target: Target, agentSocket: string | null, askedAt: number | undefined): Promise<LoginTarget> {
    const last = askedAt === undefined ? undefined : this.#last.get(keyOf(target, agentSocket));
    const isGood =
      last !== undefined &&
      last.begunAt > (askedAt ?? Infinity) &&
      this.#clock.elapsed() - last.begunAt < maxAgeMs;
    return isGood ? last.completed : this.#source.complete(target, agentSocket);
  }
}

function keyOf(target: Target, agentSocket: string | null): string {
  return `${JSON.stringify(agentSocket)} ${textOfTarget(target)}`;
}
