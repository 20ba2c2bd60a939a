import { type Machine, machineFinder } from "../../protocol/machine.ts";
import { connectingProblems } from "../../protocol/problem-codes.ts";
import type { Problem, ProblemCode, ProblemDetails } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import type { Connection } from "../../protocol/stats.ts";

export type ConnectionAlgorithms = Pick<Connection, "transport" | "kex" | "cipher" | "mac" | "hostKeyType">;

export type HostState =
  | { readonly kind: "idle" }
  /** `connection`: the first open one. */
  | { readonly kind: "connected"; readonly connection: ConnectionAlgorithms }
  | { readonly kind: "failed"; readonly title: string; readonly detail: string };

/** A host, and the user that logs in there. */
export type HostLogin = Machine & { readonly name: string; readonly user: string };

/** Failures that concern the host or the way to it, not the command. */
const ofConnecting: ReadonlySet<ProblemCode> = new Set(connectingProblems);

/**
 * The connection states of hosts, by name: connected while a pooled connection is open; failed when the last attempt
 * to connect failed; otherwise idle.
 */
export class HostStates {
  readonly #connections = new Map<string, Connection>();
  readonly #failures = new Map<string, { title: string; detail: string }>();
  /** Finds a connection by the machine that it leads to; undefined when it must be rebuilt. */
  #atMachine: ReturnType<typeof machineFinder<Connection>> | undefined;
  /** The newest run seen on each host; an older one no longer counts. */
  readonly #newest = new Map<string, string>();

  /**
   * A connection carries the name of the host that it was opened for; other hosts with the same machine and user share
   * it.
   */
  of(host: HostLogin): HostState {
    const own = [...this.#connections.values()].find((each) => each.host === host.name);
    const failure = this.#failures.get(host.name);
    // It may have failed because of the name: the key of localhost can be unknown where that of 127.0.0.1 is known.
    if (own === undefined && failure !== undefined) return { kind: "failed", ...failure };
    const connection = own ?? this.#sharedBy(host);
    if (connection === undefined) return { kind: "idle" };
    const { transport, kex, cipher, mac, hostKeyType } = connection;
    return { kind: "connected", connection: { transport, kex, cipher, mac, hostKeyType } };
  }

  #sharedBy(host: HostLogin): Connection | undefined {
    this.#atMachine ??= machineFinder(this.#connections.values());
    return this.#atMachine(host, ({ user }) => user === host.user);
  }

  /** Starts over with the daemon's current state; `runs` in any order. */
  reset(connections: readonly Connection[], runs: readonly Run[]): void {
    this.#connections.clear();
    this.#atMachine = undefined;
    this.#failures.clear();
    this.#newest.clear();
    for (const connection of connections) this.opened(connection);
    for (const run of runs) this.ran(run);
  }

  opened(connection: Connection): void {
    if (connection.state !== "idle" && connection.state !== "busy") return;
    this.#connections.set(connection.id, connection);
    this.#atMachine = undefined;
    this.#failures.delete(connection.host);
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection.id);
    this.#atMachine = undefined;
  }

  /** A run shows whether its host could be reached. */
  ran(run: Run): void {
    const { name } = run.host;
    // Ids are UUIDv7 (RFC 9562), which sort by time.
    if (run.id < (this.#newest.get(name) ?? "")) return;
    this.#newest.set(name, run.id);
    if (run.outcome === "failed" && run.problem !== null) this.failed(name, run.problem);
    else if (run.state === "running" || run.outcome === "exited") this.#failures.delete(name);
  }

  failed(name: string, problem: ProblemDetails | Problem): void {
    const details = "toJSON" in problem ? problem.toJSON() : problem;
    if (!ofConnecting.has(details.code)) return;
    this.#failures.set(name, { title: details.title, detail: details.detail });
  }
}
