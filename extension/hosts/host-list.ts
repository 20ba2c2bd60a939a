import * as vscode from "vscode";
import type { Change } from "../../protocol/change.ts";
import type { Host } from "../../protocol/host.ts";
import { isOtherDestination } from "../../protocol/host-name.ts";
import type { Problem, ProblemDetails } from "../../protocol/problem.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { loginOf } from "./host-labels.ts";
import { HostStates, type HostState } from "./host-states.ts";
import { type ProductionFinder, productionFinder } from "./production.ts";

/** After these the list is another one. */
const relisting: ReadonlySet<Change["type"]> = new Set(["reset", "hostSaved", "hostDeleted"]);

/** How the daemon is to be told which host is meant: by the name, before which an id does not go; but for one that means another. */
export function hostRef({ id, name }: Host): string {
  return id === null || !isOtherDestination(name) ? name : String(id);
}

/** The hosts and the state of each, kept up to date by the daemon's stream of changes. */
export class HostList implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #states = new HostStates();
  readonly #subscriptions: vscode.Disposable[];
  #hosts: readonly Host[] | undefined;
  #production: ProductionFinder = productionFinder([]);
  #problems: readonly ProblemDetails[] = [];
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.#changed.event;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
    const gone = daemon.onDidGoAway(() => {
      this.#states.reset([], []);
      this.#changed.fire();
    });
    this.#subscriptions = [this.#changed, gone, daemon.onDidChange((change) => this.#take(change))];
  }

  /** Empty until the first answer of the daemon. */
  get hosts(): readonly Host[] {
    return this.#hosts ?? [];
  }

  /** undefined until the first answer of the daemon. */
  get known(): readonly Host[] | undefined {
    return this.#hosts;
  }

  /** Why hosts are missing, e.g. since ~/.ssh/config cannot be read. */
  get problems(): readonly ProblemDetails[] {
    return this.#problems;
  }

  state(host: Host): HostState {
    return this.#states.of({ ...host, user: loginOf(host) });
  }

  /** What makes a host a production one: itself, or another host on the same machine. undefined: it is none. */
  production(host: Host): Host | undefined {
    return this.#production(host);
  }

  /** With its address, of a host that ssh was not asked about for the list. */
  async located(host: Host): Promise<Host> {
    if (host.unresolved !== true) return host;
    const asked = this.#daemon.call("getHost", { params: { host: hostRef(host) } });
    return asked.catch(() => host);
  }

  /** By the name that a run carries, which may be of a host that is gone. */
  named(name: string): Host | undefined {
    return this.hosts.find((host) => host.name === name);
  }

  failed(host: Host, problem: Problem): void {
    this.#states.failed(host.name, problem);
    this.#changed.fire();
  }

  /** Reads everything again; rejects with a Problem. */
  async refresh(): Promise<void> {
    const [hosts, connections, runs] = await Promise.all([
      this.#daemon.call("listHosts", {}),
      this.#daemon.call("listConnections", {}),
      this.#daemon.call("listRuns", { query: { limit: "100" } }),
    ]);
    this.#hosts = hosts.items;
    this.#production = productionFinder(hosts.items);
    this.#problems = hosts.problems;
    this.#states.reset(connections.items, runs.items);
    this.#changed.fire();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  /** An import saves many hosts at once: they are read once. What goes wrong is told where the daemon is watched. */
  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.refresh().catch(() => undefined);
    }, 30);
  }

  #take(change: Change): void {
    if (change.type === "runChanged") this.#states.ran(change.run);
    else if (change.type === "connectionOpened") this.#states.opened(change.connection);
    else if (change.type === "connectionClosed") this.#states.closed(change.connection);
    else {
      // A saved host may hide one of the SSH config, and a deleted one uncover it: the daemon knows.
      if (relisting.has(change.type)) this.#refreshSoon();
      return;
    }
    this.#changed.fire();
  }
}
