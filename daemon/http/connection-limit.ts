import type { Server } from "node:http";
import type { Log } from "../core/log.ts";

/** Far more than the clients of one person keep, and far fewer than there can be open files. */
const maxConnections = 2000;
const warnEveryMs = 60_000;

/** Counted over all connections of the daemon's clients. */
export interface ConnectionCounts {
  open: number;
  /** Closed at once since too many were open. */
  refused: number;
  /** Requests that were ended because their body was not received in time. */
  requestsTimedOut: number;
}

/** Closes connections at once that come while too many are open, and counts. */
export function limitConnections(server: Server, counts: ConnectionCounts, log: Log): void {
  let warnedAt = Number.NEGATIVE_INFINITY;
  server.maxConnections = maxConnections;
  server.on("connection", (socket) => {
    counts.open += 1;
    socket.on("close", () => {
      counts.open -= 1;
    });
  });
  server.on("drop", () => {
    counts.refused += 1;
    if (performance.now() - warnedAt < warnEveryMs) return;
    warnedAt = performance.now();
    log.warn("Connections of clients are refused, since too many are open", { maxConnections });
  });
}
