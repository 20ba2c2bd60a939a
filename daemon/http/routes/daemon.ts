import openapi from "../../../protocol/openapi.json" with { type: "json" };
import { Problem } from "../../../protocol/problem.ts";
import type { Health, Stats } from "../../../protocol/stats.ts";
import type { ChangeLog } from "../../core/changes.ts";
import { createChangeEncoder, encodedFeed } from "../event-encoding.ts";
import type { DoctorReport } from "../../../protocol/doctor.ts";
import type { Bytes, Handlers } from "../request-context.ts";
import { metricsText, type RunDurations } from "../metrics.ts";

export interface DaemonRoutesParts {
  readonly health: () => Health;
  readonly stats: () => Stats;
  readonly durations: () => RunDurations;
  readonly changes: ChangeLog;
  /** Begins to stop, without waiting for it. */
  readonly shutdown: (drain: boolean) => void;
  readonly replaceToken: () => void;
  readonly maintenance: { doctor(): Promise<DoctorReport>; backup(): Promise<Bytes> };
}

type DaemonHandlers = Pick<
  Handlers,
  | "doctor"
  | "backup"
  | "health"
  | "version"
  | "stats"
  | "metrics"
  | "openapi"
  | "shutdown"
  | "replaceToken"
  | "changes"
>;

export function daemonRoutes({
  health,
  stats,
  durations,
  changes,
  shutdown,
  replaceToken,
  maintenance,
}: DaemonRoutesParts): DaemonHandlers {
  return {
    health,
    version: () => {
      const { version, protocol, build } = health();
      return { version, protocol, build };
    },
    stats,
    doctor: () => maintenance.doctor(),
    backup: () => maintenance.backup(),
    metrics: () => metricsText(stats(), durations()),
    openapi: () => openapi,
    shutdown: ({ body }) => {
      shutdown(body.drain);
      return health();
    },
    replaceToken: ({ request }) => {
      if (request.socket.remoteAddress !== undefined) {
        throw new Problem(
          "forbidden",
          "The token is replaced over the daemon's socket: `hostrun token rotate`.",
        );
      }
      replaceToken();
    },
    changes: ({ query, header }) => {
      const feed = changes.feed(header("Last-Event-ID") ?? query.after);
      return encodedFeed(feed, createChangeEncoder(changes.epoch));
    },
  };
}
