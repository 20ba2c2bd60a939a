import type { Server } from "node:http";
import type { Log } from "../core/log.ts";

/** Far more than one user's clients need, and far fewer than the limit of open files. */
const maxConnections = 2000;
const warnEveryMs = 60_000;

/** Counts over all client connections of the daemon. */
export interface ConnectionCounts {
  open: number;
  /** Closed immediately because too many were open. */
  refused: number;
  /** Requests ended because their body was not received in time. */
  requestsTimedOut: number;
}

/** Closes new connections immediately while too many are open, and counts them. */
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
