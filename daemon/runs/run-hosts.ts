import type { HostWorker } from "../../protocol/host.ts";
import type { Run, RunRequest } from "../../protocol/run.ts";
import type { Remote, Target } from "../transport/remote.ts";
import type { SessionSettings } from "../transport/session-settings.ts";

/** What the engine needs of hosts: where a run goes. */
export interface RunHosts {
  /** `host_unknown` when there is no such host. */
  resolve(host: string | number): Promise<RunPlace>;
}

export interface RunPlace {
  readonly target: Target;
  readonly host: Run["host"];
  readonly loginShell: boolean;
  readonly worker: HostWorker;
  readonly session: SessionSettings;
}

const maxTargets = 1000;

/**
 * Where runs go. A host is likely to be where it was at its last run: meanwhile it is looked up what there is to log in with
 * there.
 */
export class ExpectedHosts {
  readonly #hosts: RunHosts;
  readonly #remote: Pick<Remote, "prepare">;
  /** Those that were used last are the last. */
  readonly #targets = new Map<string | number, Target>();

  constructor(hosts: RunHosts, remote: Pick<Remote, "prepare">) {
    this.#hosts = hosts;
    this.#remote = remote;
  }

  /** As `RunHosts.resolve`. */
  async resolve({ host, agentSocket }: RunRequest): Promise<RunPlace> {
    const expected = this.#targets.get(host);
    if (expected !== undefined) this.#remote.prepare(expected, agentSocket);
    const place = await this.#hosts.resolve(host);
    this.#targets.delete(host);
    this.#targets.set(host, place.target);
    const [oldest] = this.#targets.keys();
    if (oldest !== undefined && this.#targets.size > maxTargets) this.#targets.delete(oldest);
    return place;
  }
}
