import type { Clock } from "../../core/clock.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";
import type { PooledConnection, Purpose } from "./pooled-connection.ts";

/** A place on an open connection; disposing frees it. */
export interface Lease extends Disposable {
  readonly pooled: PooledConnection;
  readonly connection: SshConnection;
  /** Whether the connection was open when it was requested. */
  readonly reused: boolean;
  /** Whether its session is at rest, which does not keep the connection from being idle. */
  rest(resting: boolean): void;
}

export interface LeaseParts {
  readonly pooled: PooledConnection;
  readonly purpose: Purpose;
  readonly reused: boolean;
  readonly clock: Clock;
  /** Called when its connection, which is up, may have become idle. */
  readonly freed: () => void;
}

/** Of a connection that is up, on which the place is reserved. */
export function createLease({ pooled, purpose, reused, clock, freed }: LeaseParts): Lease {
  const { connection } = pooled;
  if (connection === undefined) throw new TypeError("Only a connection that is up is leased");
  let given = true;
  let resting = false;
  let wasUsed = false;
  const free = (): void => {
    if (pooled.state !== "up") return;
    // What was at rest all the time, or just began to be, is no use of the connection.
    if (wasUsed) pooled.usedAt(clock.elapsed());
    freed();
  };
  return {
    pooled,
    connection,
    reused,
    rest(rests) {
      if (!given || rests === resting) return;
      resting = rests;
      pooled.rest(rests);
      if (rests) free();
      wasUsed = !rests;
    },
    [Symbol.dispose]: () => {
      if (!given) return;
      given = false;
      if (resting) pooled.rest(false);
      else wasUsed = true;
      pooled.release(purpose);
      free();
    },
  };
}
