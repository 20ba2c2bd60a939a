import { join } from "node:path";
import type { CountingCache } from "../cache/cache.ts";
import { ChosenCache } from "../cache/chosen-cache.ts";
import { CacheSecret } from "../store/cache-secret.ts";
import type { Scope } from "../core/scope.ts";
import type { DurablePlans, PlannedRun } from "../runs/durable/plan.ts";
import type { RunStore } from "../runs/record/run-store.ts";
import { closeOpenRuns } from "../runs/recovery.ts";
import { maskedUrl } from "../settings/masked-url.ts";
import { Checkpoints } from "../store/checkpoints.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { createDurablePlans } from "../store/durable-runs.ts";
import { locationOf, recordLocation } from "../store/location.ts";
import { checkClosed, quarantineIfCorrupt } from "../store/quarantine.ts";
import { createRunStore } from "../store/runs.ts";
import type { DaemonContext } from "./context.ts";

export interface Storage {
  readonly database: Database;
  readonly store: RunStore;
  readonly cache: CountingCache;
  readonly plans: DurablePlans;
  /** Runs that an earlier daemon started and this one is to resume. */
  readonly durable: readonly PlannedRun[];
  /** Where the damaged store was moved that this one replaced. */
  readonly damagedStore: string | null;
}

/** Opens the store and the cache; runs that an earlier daemon left open end as unknown, except durable ones. */
export function openStorage(context: DaemonContext, scope: Scope): Storage {
  const { stateDirectory, migrations, nativeBinding, clock, log } = context;
  const path = join(stateDirectory, "hostrun.db");
  const damagedStore = quarantineIfCorrupt(path, nativeBinding, new Date()) ?? null;
  const afresh =
    "The store was damaged or missing. What was left of it was moved aside and a new one was created: hosts and history are empty";
  if (damagedStore !== null) log.warn(afresh, { damagedStore });
  scope.defer(() => checkClosed(path, nativeBinding));
  const database = scope.own(openDatabase({ path, migrations, nativeBinding, log }));
  const { checkpointer: script } = context;
  scope.own(new Checkpoints({ sql: database.sql, path, nativeBinding, script, log }));
  if (recordLocation(database, locationOf(stateDirectory)))
    log.warn("The store was in another place before: the durable runs in it are only looked at from here");
  const store = createRunStore(database);
  const plans = createDurablePlans(database);
  const durable = plans.list();
  const closed = closeOpenRuns({ store, clock, log }, durable);
  if (closed > 0) log.warn("Runs that an earlier daemon left open have ended as unknown", { runs: closed });
  const cache = openCache(database, context, scope);
  return { database, store, cache, plans, durable: durable.planned, damagedStore };
}

function openCache(database: Database, { settings, log }: DaemonContext, scope: Scope): CountingCache {
  const secret = new CacheSecret(database);
  const url = (): string | null => {
    const { redisUrl } = settings.current;
    secret.useFor(redisUrl === null ? "memory" : maskedUrl(redisUrl));
    return redisUrl;
  };
  const cache = scope.own(new ChosenCache(url(), secret, log));
  settings.onChange(() => cache.use(url()));
  return cache;
}
