import * as vscode from "vscode";
import type { Change } from "../../protocol/change.ts";
import type { Host } from "../../protocol/host.ts";
import { isOtherDestination } from "../../protocol/host-name.ts";
import type { Problem, ProblemDetails } from "../../protocol/problem.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { ItemChanges } from "../daemon/item-changes.ts";
import { loginOf } from "./host-labels.ts";
import { HostStates, type HostState } from "./host-states.ts";
import { type ProductionFinder, productionFinder } from "./production.ts";

/** Changes after which the list must be reloaded. */
const relisting: ReadonlySet<Change["type"]> = new Set(["reset", "hostSaved", "hostDeleted"]);

/**
 * How to refer to a host in a request: by its name, which takes precedence over an id; by its id if the name means
 * another destination.
 */
export function hostRef({ id, name }: Host): string {
  return id === null || !isOtherDestination(name) ? name : String(id);
}

/** The hosts and the state of each, kept up to date by the daemon's stream of changes. */
export class HostList implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #states = new HostStates();
  readonly #changes = new ItemChanges((change) => this.#takeState(change));
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

  /** Empty until the daemon's first response. */
  get hosts(): readonly Host[] {
    return this.#hosts ?? [];
  }

  /** Undefined until the daemon's first response. */
  get known(): readonly Host[] | undefined {
    return this.#hosts;
  }

  /** Why hosts are missing, e.g. because ~/.ssh/config cannot be read. */
  get problems(): readonly ProblemDetails[] {
    return this.#problems;
  }

  state(host: Host): HostState {
    return this.#states.of({ ...host, user: loginOf(host) });
  }

  /**
   * The host that makes this one a production host: itself, or another on the same machine. Undefined if it is not
   * one.
   */
  production(host: Host): Host | undefined {
    return this.#production(host);
  }

  /** The host with its address, which the list lacks if it was not resolved with ssh. */
  async located(host: Host): Promise<Host> {
    if (host.unresolved !== true) return host;
    const asked = this.#daemon.call("getHost", { params: { host: hostRef(host) } });
    return asked.catch(() => host);
  }

  /** Finds a host by the name in a run, which may no longer exist. */
  named(name: string): Host | undefined {
    return this.hosts.find((host) => host.name === name);
  }

  failed(host: Host, problem: Problem): void {
    this.#states.failed(host.name, problem);
    this.#changed.fire();
  }

  /** Reloads everything; rejects with a Problem. */
  async refresh(): Promise<void> {
    const read = () =>
      Promise.all([
        this.#daemon.call("listHosts", {}),
        this.#daemon.call("listConnections", {}),
        this.#daemon.call("listRuns", { query: { limit: "100" } }),
      ]);
    await this.#changes.read(read, ([hosts, connections, runs]) => {
      this.#hosts = hosts.items;
      this.#production = productionFinder(hosts.items);
      this.#problems = hosts.problems;
      this.#states.reset(connections.items, runs.items);
    });
    this.#changed.fire();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  /**
   * An import saves many hosts at once: they are read once. Failures are reported by the part that watches the daemon.
   */
  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.refresh().catch(() => undefined);
    }, 30);
  }

  #take(change: Change): void {
    // A saved host may hide one of the SSH config, and deleting it may reveal that: ask the daemon.
    if (relisting.has(change.type)) this.#refreshSoon();
    else this.#changes.take(change);
  }

  #takeState(change: Change): void {
    if (change.type === "runChanged") this.#states.ran(change.run);
    else if (change.type === "connectionOpened") this.#states.opened(change.connection);
    else if (change.type === "connectionClosed") this.#states.closed(change.connection);
    else return;
    this.#changed.fire();
  }
}
