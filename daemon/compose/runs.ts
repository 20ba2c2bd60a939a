import type { Run } from "../../protocol/run.ts";
import type { Scope } from "../core/scope.ts";
import { Jobs } from "../jobs/jobs.ts";
import { Prompts } from "../prompts/prompts.ts";
import { RunEngine } from "../runs/engine.ts";
import { FirstRest } from "../runs/first-rest.ts";
import { RunHistory } from "../runs/history.ts";
import { LatencyRecord } from "../runs/latency.ts";
import { RunTotals } from "../runs/run-totals.ts";
import { SudoGates } from "../runs/sudo/sudo-gates.ts";
import { openSearchIndexing } from "../runs/search-indexing.ts";
import { createJobStore } from "../store/jobs.ts";
import type { DaemonContext } from "./context.ts";
import type { Hosts } from "./hosts.ts";
import type { Storage } from "./storage.ts";
import type { Transport } from "./transport.ts";

export interface Runs {
  readonly engine: RunEngine;
  readonly history: RunHistory;
  readonly latency: LatencyRecord;
  readonly totals: RunTotals;
  readonly prompts: Prompts;
  readonly jobs: Jobs;
  /** Resolves once every run that needs this daemon has ended, including those of current jobs. */
  readonly drained: () => Promise<void>;
  /** Resolves once the first run, or the first few, have been handled. */
  readonly served: Promise<void>;
}

/** Starts the run engine, which finds the durable runs of earlier daemons. */
export function openRuns(context: DaemonContext, services: Storage & Hosts & Transport, scope: Scope): Runs {
  const { database, store, cache, plans, durable, hosts, production, resolve, remote } = services;
  const { settings, clock, log, changes, secrets } = context;
  const latency = new LatencyRecord();
  const totals = new RunTotals();
  const timeoutMs = () => settings.current.promptTimeoutMs;
  const prompts = scope.own(new Prompts({ clock, timeoutMs, onChange: (change) => changes.publish(change) }));
  const publish = (run: Run) => {
    changes.publish({ type: "runChanged", run });
    if (run.state !== "ended") return;
    indexing.wake();
    rest.runEnded();
  };
  const sudo = new SudoGates(secrets);
  const engine = scope.own(
    new RunEngine({
      sudo,
      store,
      plans,
      remote,
      hosts: { resolve },
      cache,
      prompts,
      latency,
      settings: () => settings.current,
      clock,
      log,
      onChange: (run) => {
        totals.changed(run);
        publish(run);
        jobs.runChanged(run);
      },
    }),
  );
  settings.onChange(() => engine.limitsChanged());
  const busy = () => Object.values(engine.counts()).some((count) => count > 0);
  const rest = scope.own(new FirstRest(busy));
  const indexing = scope.own(openSearchIndexing({ store, clock, log, busy }));
  const onDeleted = (id: string) => changes.publish({ type: "runDeleted", id });
  const history = new RunHistory({ store, engine, cache, onAnnotated: publish, onDeleted });
  const jobs = new Jobs({
    store: createJobStore(database),
    engine,
    history,
    events: store.events,
    sudo,
    hosts: () => production.marks(),
    destination: (name) => destinationNamed(name, { hosts, production }),
    templateHost: services.templateHost,
    clock,
    log,
    onChange: (job) => changes.publish({ type: "jobChanged", job }),
  });
  for (const run of durable) engine.resume(run);
  for (const left of plans.listDeleted()) engine.cleanUp(left);
  jobs.resume();
  const drained = () => jobs.begun().then(() => engine.drained());
  return { latency, totals, prompts, engine, history, jobs, drained, served: rest.reached };
}

/** A host as a job's destination; undefined if there is none of that name. */
async function destinationNamed(name: string, { hosts, production }: Pick<Hosts, "hosts" | "production">) {
  const host = await hosts.get(name).catch(() => undefined);
  return host && { ...host, production: await production.isProduction(name) };
}
