import { join } from "node:path";
import type { Scope } from "../core/scope.ts";
import { openOpenSsh } from "../openssh/openssh.ts";
import { type KnownHosts, openKnownHosts } from "../ssh/host-keys/known-hosts.ts";
import type { PoolLimits } from "../ssh/pool/limits.ts";
import { openPool, type Pool } from "../ssh/pool/pool.ts";
import { endGroupCommand } from "../runs/terminate/group-end.ts";
import { createShellMemory } from "../store/login-shells.ts";
import type { Remote, RemoteProcess } from "../transport/remote.ts";
import { Workers } from "../worker/workers.ts";
import type { DaemonContext } from "./context.ts";
import type { Storage } from "./storage.ts";

export interface Transport {
  readonly knownHosts: KnownHosts;
  readonly pool: Pool;
  /** What runs use: the pool, and workers on top of it. */
  readonly remote: Remote;
}

export function openTransport(context: DaemonContext, { database }: Storage, scope: Scope): Transport {
  const { secrets, stateDirectory, home, settings, log, files, clock, changes } = context;
  const own = join(stateDirectory, "known_hosts");
  const { environment } = context;
  const knownHosts = openKnownHosts({
    own,
    user: ["known_hosts", "known_hosts2"].map((name) => join(home, ".ssh", name)),
    global: ["ssh_known_hosts", "ssh_known_hosts2"].map((name) => join("/etc/ssh", name)),
    environment,
    files,
    clock,
    log,
  });
  // Called several times a run, so it copies no more than it has to.
  const limits = (): PoolLimits => {
    const { poolMaxConnections, poolIdleMs, channelsPerConnection, keepaliveMs, requiredRsaSize } =
      settings.current;
    return {
      maxConnections: poolMaxConnections,
      idleMs: poolIdleMs,
      channelsPerConnection,
      keepaliveMs,
      requiredRsaSize,
    };
  };
  const shells = createShellMemory(database);
  const {
    uid,
    reader: { runtime },
  } = context;
  // Disposed of after the pool, whose connections its processes are.
  const openSsh = scope.own(
    openOpenSsh({ home, ownKnownHosts: own, stateDirectory, environment, uid, runtime }),
  );
  const pool = openPool({
    limits,
    knownHosts,
    shells,
    secrets,
    clock,
    log,
    environment: context,
    openSsh: openSsh.login,
    onChange: (change) => changes.publish(change),
  });
  scope.own(pool);
  settings.onChange(() => pool.limitsChanged());
  const limit = (): number => Math.min(maxWorkers, Math.floor(limits().maxConnections / 2));
  const workers = new Workers({ remote: pool, clock, log, limit, endProcess });
  secrets.onForgotten((login) => {
    workers.retire(login);
    pool.retire(login);
  });
  return { knownHosts, pool, remote: scope.own(workers) };
}

/** Where a server allows one session, each takes a connection of its own. */
const maxWorkers = 64;
const endGraceMs = 1000;

async function endProcess(session: RemoteProcess, pid: number): Promise<void> {
  await session.execHelper(endGroupCommand(pid, endGraceMs), 3 * endGraceMs);
}
