import type { HostWorker } from "../../protocol/host.ts";
import type { Run, RunRequest } from "../../protocol/run.ts";
import type { Clock } from "../core/clock.ts";
import type { Remote, Target } from "../transport/remote.ts";
import type { SessionSettings } from "../transport/session-settings.ts";

/** What the engine needs of hosts. */
export interface RunHosts {
  /** Throws `host_unknown` for an unknown host. */
  resolve(host: string | number): Promise<RunPlace>;
}

export interface RunPlace {
  readonly target: Target;
  readonly host: Run["host"];
  readonly loginShell: boolean;
  readonly worker: HostWorker;
  readonly session: SessionSettings;
}

/** The place of a run requested at `askedAt` (see `ConnectOptions`) or later. */
export interface AskedPlace extends RunPlace {
  readonly askedAt: number;
}

const maxTargets = 1000;

/**
 * Resolves hosts for runs. A host usually resolves to the same target as for its last run, so that target's credentials
 * are looked up in parallel. Identical look-ups within one turn of the event loop are shared, since all their callers
 * asked before the turn began.
 */
export class ExpectedHosts {
  readonly #hosts: RunHosts;
  readonly #remote: Pick<Remote, "prepare">;
  readonly #clock: Pick<Clock, "elapsed">;
  /** The most recently used last. */
  readonly #targets = new Map<string | number, Target>();
  readonly #thisTurn = new Map<string, Promise<AskedPlace>>();

  constructor(hosts: RunHosts, remote: Pick<Remote, "prepare">, clock: Pick<Clock, "elapsed">) {
    this.#hosts = hosts;
    this.#remote = remote;
    this.#clock = clock;
  }

  /** Like `RunHosts.resolve`. */
  resolve({ host, agentSocket }: Pick<RunRequest, "host" | "agentSocket">): Promise<AskedPlace> {
    const key = JSON.stringify([host, agentSocket]);
    if (this.#thisTurn.size === 0) setImmediate(() => this.#thisTurn.clear());
    const place = this.#thisTurn.get(key) ?? this.#lookUp(host, agentSocket);
    this.#thisTurn.set(key, place);
    return place;
  }

  async #lookUp(host: string | number, agentSocket: string | null): Promise<AskedPlace> {
    const askedAt = this.#clock.elapsed();
    const expected = this.#targets.get(host);
    if (expected !== undefined) this.#remote.prepare(expected, agentSocket);
    const place = await this.#hosts.resolve(host);
    this.#targets.delete(host);
    this.#targets.set(host, place.target);
    const [oldest] = this.#targets.keys();
    if (oldest !== undefined && this.#targets.size > maxTargets) this.#targets.delete(oldest);
    return { ...place, askedAt };
  }
}
