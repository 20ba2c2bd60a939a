import openapi from "../../../protocol/openapi.json" with { type: "json" };
import type { Health, Stats } from "../../../protocol/stats.ts";
import type { ChangeLog } from "../../core/changes.ts";
import { createChangeEncoder, encodedFeed } from "../event-encoding.ts";
import type { Handlers } from "../request-context.ts";
import { metricsText, type RunDurations } from "../metrics.ts";

export interface DaemonRoutesParts {
  readonly health: () => Health;
  readonly stats: () => Stats;
  readonly durations: () => RunDurations;
  readonly changes: ChangeLog;
  /** Begins to stop; returns before it has. */
  readonly shutdown: (drain: boolean) => void;
}

type DaemonHandlers = Pick<Handlers, "health" | "stats" | "metrics" | "openapi" | "shutdown" | "changes">;

export function daemonRoutes({
  health,
  stats,
  durations,
  changes,
  shutdown,
}: DaemonRoutesParts): DaemonHandlers {
  return {
    health,
    stats,
    metrics: () => metricsText(stats(), durations()),
    openapi: () => openapi,
    shutdown: ({ body }) => {
      shutdown(body.drain);
      return health();
    },
    changes: ({ query, header }) => {
      const feed = changes.feed(header("Last-Event-ID") ?? query.after);
      return encodedFeed(feed, createChangeEncoder(changes.epoch));
    },
  };
}
