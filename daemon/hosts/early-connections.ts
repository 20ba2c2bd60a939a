import { Problem } from "../../protocol/problem.ts";
import type { HostConnect, HostConnectRequest } from "../../protocol/host-connect.ts";
import { backOffMs } from "../core/back-off.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Remote, Target } from "../transport/remote.ts";
import type { Resolved } from "./resolution.ts";

export interface EarlyConnectionsParts {
  readonly remote: Pick<Remote, "probe">;
  readonly clock: Pick<Clock, "elapsed">;
  readonly log: Pick<Log, "debug">;
  readonly connectTimeoutMs: () => number;
}

interface Failure {
  readonly problem: Problem;
  readonly count: number;
  /** As returned by the clock's `elapsed()`. */
  readonly retryAt: number;
}

/** Maximum number of connections opened at once, since they serve no request yet. */
const maxAtOnce = 4;
const pauses = { firstMs: 60_000, maxMs: 3_600_000 };
const maxFailures = 1000;

/**
 * Opens connections before there is something to run on them; then they belong to the pool, which closes them when
 * idle. Nobody is prompted, and a failed login is not retried for a while, since servers count failed logins.
 */
export class EarlyConnections {
  readonly #parts: EarlyConnectionsParts;
  #opening = 0;
  /** By login, the oldest first. */
  readonly #failures = new Map<string, Failure>();

  constructor(parts: EarlyConnectionsParts) {
    this.#parts = parts;
  }

  /** Rejects with the reason if there is no connection; with `queue_full` if too many are being opened. */
  async open(
    { target, session }: Pick<Resolved, "target" | "session">,
    { agentSocket }: HostConnectRequest,
    signal: AbortSignal,
  ): Promise<HostConnect> {
    const { remote, clock, log } = this.#parts;
    const login = loginOf(target);
    const before = this.#failures.get(login);
    const retryAfterMs = Math.ceil((before?.retryAt ?? 0) - clock.elapsed());
    if (before !== undefined && retryAfterMs > 0) throw waiting(before.problem, retryAfterMs);
    if (this.#opening >= maxAtOnce) throw crowded();
    this.#opening += 1;
    try {
      const connectTimeoutMs = session.connectTimeoutMs ?? this.#parts.connectTimeoutMs();
      const options = { connectTimeoutMs, agentSocket, questioner: undefined };
      const { reused } = await remote.probe(target, options, signal);
      this.#failures.delete(login);
      return { host: target.name, reusedConnection: reused };
    } catch (failure) {
      if (!(failure instanceof Problem) || signal.aborted) throw failure;
      const count = (before?.count ?? 0) + 1;
      log.debug("A connection could not be opened ahead", { host: target.name, failure });
      this.#keep(login, { problem: failure, count, retryAt: clock.elapsed() + backOffMs(count, pauses) });
      throw failure;
    } finally {
      this.#opening -= 1;
    }
  }

  #keep(login: string, failure: Failure): void {
    this.#failures.delete(login);
    this.#failures.set(login, failure);
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined && this.#failures.size > maxFailures) this.#failures.delete(oldest);
  }
}

/** A host whose settings have changed is tried immediately. */
function loginOf({ name, address, port, user }: Target): string {
  return [name, address, port, user].join(" ");
}

function waiting({ code, message, members }: Problem, retryAfterMs: number): Problem {
  return new Problem(code, message, { ...members, retryAfterMs });
}

function crowded(): Problem {
  return new Problem("queue_full", "Enough connections are being opened ahead. Try again in a moment.", {
    retryAfterMs: 1000,
  });
}
