import { join } from "node:path";
import type { Scope } from "../core/scope.ts";
import { openOpenSsh } from "../openssh/openssh.ts";
import { type KnownHosts, openKnownHosts } from "../ssh/host-keys/known-hosts.ts";
import { openPool, type Pool } from "../ssh/pool/pool.ts";
import { createShellMemory } from "../store/login-shells.ts";
import type { DaemonContext } from "./context.ts";
import type { Storage } from "./storage.ts";

export interface Transport {
  readonly knownHosts: KnownHosts;
  readonly pool: Pool;
}

export function openTransport(context: DaemonContext, { database }: Storage, scope: Scope): Transport {
  const { stateDirectory, home, settings, log, files, clock, changes } = context;
  const own = join(stateDirectory, "known_hosts");
  const { environment } = context;
  const knownHosts = openKnownHosts({
    own,
    user: ["known_hosts", "known_hosts2"].map((name) => join(home, ".ssh", name)),
    global: ["ssh_known_hosts", "ssh_known_hosts2"].map((name) => join("/etc/ssh", name)),
    home,
    environment,
    files,
    clock,
    log,
  });
  const limits = () => {
    const { poolMaxConnections: maxConnections, poolIdleMs: idleMs, ...others } = settings.current;
    return { maxConnections, idleMs, ...others };
  };
  const shells = createShellMemory(database);
  const { uid } = context;
  // Ended after the pool, whose connections its processes are.
  const openSsh = scope.own(openOpenSsh({ home, ownKnownHosts: own, stateDirectory, environment, uid }));
  const pool = openPool({
    limits,
    knownHosts,
    shells,
    clock,
    log,
    environment: context,
    openSsh: openSsh.login,
    onChange: (change) => changes.publish(change),
  });
  return { knownHosts, pool: scope.own(pool) };
}
