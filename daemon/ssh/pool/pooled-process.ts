import type { RemoteProcess } from "../../transport/remote.ts";
import type { ChannelProcess } from "../channel/channel-process.ts";
import { execHelper } from "../channel/exec-helper.ts";
import type { LoginShells } from "../channel/login-shells.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { Lease } from "./lease.ts";

/** A command on its channel as a RemoteProcess. */
export function pooledProcess(
  { connections, shells }: { readonly connections: ConnectionPool; readonly shells: LoginShells },
  lease: Lease,
  { process, ...timings }: { process: ChannelProcess; connectMs: number; channelMs: number },
): RemoteProcess {
  return {
    connection: lease.pooled.describe(),
    identity: lease.pooled.bucket.key,
    reused: lease.reused,
    get isOpen() {
      return lease.connection.closeReason === undefined;
    },
    rest: (resting) => lease.rest(resting),
    ...timings,
    stdin: process.stdin,
    signal: (name) => process.signal(name),
    hold: (held) => process.window.hold(held),
    extraBytes: () => process.window.extraBytes,
    resize: (size) => process.resize(size),
    execHelper(command, deadlineMs, input) {
      const held = connections.hold(lease.pooled);
      const takeSpare = () => lease.pooled.takeSpare();
      const answer = execHelper(lease.connection, command, { deadlineMs, takeSpare, input });
      return answer.finally(() => held[Symbol.dispose]());
    },
    runBegan: () => lease.pooled.runBegan(),
    forgetShell: () => shells.forget(lease.connection),
    close: () => process.close(),
  };
}
