import * as z from "zod";
import { endpoint } from "./endpoint.ts";
import { EventsQuery } from "./event.ts";
import { Host, HostPatch, HostTest, ImportRequest, ImportResult, NewHost } from "./host.ts";
import { KnownHost, NewKnownHost } from "./known-host.ts";
import { listOf } from "./list.ts";
import {
  CancelRequest,
  OutputQuery,
  Run,
  RunQuery,
  RunRequest,
  StdinQuery,
  StdinRequest,
  StreamRequest,
} from "./run.ts";
import { SettingsPatch, SettingsReport } from "./settings.ts";
import { Connection, Health, Stats } from "./stats.ts";

const reading = ["invalid_request"] as const;
const writing = ["invalid_request", "too_large", "unsupported_media_type"] as const;
const starting = [...writing, "host_unknown", "queue_full", "storage_full", "idempotency_conflict"] as const;
const ofHost = [...reading, "host_unknown"] as const;
const ofRun = [...reading, "run_unknown"] as const;
const connecting = [
  "host_unreachable",
  "authentication_failed",
  "identity_file_missing",
  "identity_file_unreadable",
  "host_key_unknown",
  "host_key_changed",
  "protocol_error",
  "timed_out",
] as const;

const HostQuery = z.strictObject({ q: z.string().max(255).optional() });

/** The whole API of the daemon. */
export const api = {
  health: endpoint({
    method: "GET",
    path: "/api/health",
    summary: "Whether the daemon is up, and which one it is",
    status: 200,
    output: Health,
    problems: [],
  }),
  stats: endpoint({
    method: "GET",
    path: "/api/stats",
    summary: "Measured figures",
    status: 200,
    output: Stats,
    problems: [],
  }),
  metrics: endpoint({
    method: "GET",
    path: "/api/metrics",
    summary: "The same figures for Prometheus",
    status: 200,
    output: "text",
    problems: [],
  }),
  openapi: endpoint({
    method: "GET",
    path: "/api/openapi.json",
    summary: "This description",
    status: 200,
    output: z.record(z.string(), z.unknown()),
    problems: [],
  }),
  shutdown: endpoint({
    method: "POST",
    path: "/api/shutdown",
    summary: "Stop the daemon, after its runs have ended when drain is true",
    body: z.strictObject({ drain: z.boolean().default(false) }),
    status: 202,
    output: Health,
    problems: writing,
  }),
  changes: endpoint({
    method: "GET",
    path: "/api/events",
    summary: "What changes in the daemon, as it happens",
    query: EventsQuery.pick({ after: true }),
    status: 200,
    output: "events",
    problems: reading,
  }),

  listHosts: endpoint({
    method: "GET",
    path: "/api/hosts",
    summary: "Every host, also those that stand only in the SSH config",
    query: HostQuery,
    status: 200,
    output: listOf(Host),
    problems: reading,
  }),
  createHost: endpoint({
    method: "POST",
    path: "/api/hosts",
    summary: "Add a host",
    body: NewHost,
    status: 201,
    output: Host,
    problems: [...writing, "conflict"],
  }),
  importHosts: endpoint({
    method: "POST",
    path: "/api/hosts/import",
    summary: "Take over the hosts of an SSH config file",
    body: ImportRequest,
    status: 200,
    output: ImportResult,
    problems: [...writing, "not_found"],
  }),
  getHost: endpoint({
    method: "GET",
    path: "/api/hosts/:host",
    summary: "One host, by id or name",
    status: 200,
    output: Host,
    problems: ofHost,
  }),
  updateHost: endpoint({
    method: "PATCH",
    path: "/api/hosts/:host",
    summary: "Change a host",
    body: HostPatch,
    status: 200,
    output: Host,
    problems: [...writing, "host_unknown", "conflict"],
  }),
  deleteHost: endpoint({
    method: "DELETE",
    path: "/api/hosts/:host",
    summary: "Delete a host; its runs stay in the history",
    status: 204,
    output: "none",
    problems: [...ofHost, "conflict"],
  }),
  testHost: endpoint({
    method: "POST",
    path: "/api/hosts/:host/test",
    summary: "Connect and authenticate, without running anything",
    body: z.strictObject({
      connectTimeoutMs: z.int().min(1).max(600_000).optional(),
      agentSocket: z.string().max(4096).nullable().default(null),
    }),
    status: 200,
    output: HostTest,
    problems: [...writing, "host_unknown", ...connecting],
  }),

  createRun: endpoint({
    method: "POST",
    path: "/api/runs",
    summary: "Run a command on a host",
    body: RunRequest,
    status: 201,
    output: Run,
    alsoEvents: true,
    problems: starting,
  }),
  streamRun: endpoint({
    method: "POST",
    path: "/api/ssh/stream",
    summary: "Run a command on a host and stream its events",
    body: StreamRequest,
    status: 200,
    output: "events",
    problems: starting,
  }),
  listRuns: endpoint({
    method: "GET",
    path: "/api/runs",
    summary: "The history, newest first",
    query: RunQuery,
    status: 200,
    output: listOf(Run),
    problems: reading,
  }),
  getRun: endpoint({
    method: "GET",
    path: "/api/runs/:run",
    summary: "One run",
    status: 200,
    output: Run,
    problems: ofRun,
  }),
  runEvents: endpoint({
    method: "GET",
    path: "/api/runs/:run/events",
    summary: "A run's events from the beginning, or after Last-Event-ID",
    query: EventsQuery,
    status: 200,
    output: "events",
    problems: [...ofRun, "stream_position_unknown"],
  }),
  runOutput: endpoint({
    method: "GET",
    path: "/api/runs/:run/output",
    summary: "Recorded output, byte for byte; Range is supported",
    query: OutputQuery,
    status: 200,
    output: "bytes",
    problems: [...ofRun, "range_not_satisfiable"],
  }),
  cancelRun: endpoint({
    method: "POST",
    path: "/api/runs/:run/cancel",
    summary: "Cancel a run: INT at once, then TERM and KILL after the grace time",
    body: CancelRequest,
    status: 202,
    output: Run,
    problems: [...writing, "run_unknown"],
  }),
  runStdin: endpoint({
    method: "POST",
    path: "/api/runs/:run/stdin",
    summary: "Write to the command's standard input",
    query: StdinQuery,
    body: StdinRequest,
    rawBody: true,
    status: 204,
    output: "none",
    problems: [...writing, "run_unknown", "conflict"],
  }),
  rerun: endpoint({
    method: "POST",
    path: "/api/runs/:run/rerun",
    summary: "Run the same command with the same options again",
    status: 201,
    output: Run,
    problems: [...ofRun, "host_unknown", "conflict", "queue_full", "storage_full"],
  }),
  deleteRun: endpoint({
    method: "DELETE",
    path: "/api/runs/:run",
    summary: "Forget an ended run and its output",
    status: 204,
    output: "none",
    problems: [...ofRun, "conflict"],
  }),

  listKnownHosts: endpoint({
    method: "GET",
    path: "/api/known-hosts",
    summary: "The host keys that Hostrun recorded itself",
    status: 200,
    output: listOf(KnownHost),
    problems: [],
  }),
  addKnownHost: endpoint({
    method: "POST",
    path: "/api/known-hosts",
    summary: "Record a host key that a person has checked",
    body: NewKnownHost,
    status: 201,
    output: KnownHost,
    problems: [...writing, "conflict"],
  }),
  deleteKnownHosts: endpoint({
    method: "DELETE",
    path: "/api/known-hosts",
    summary: "Forget the recorded keys of an address",
    query: z.strictObject({
      address: z.string().min(1).max(255),
      port: z
        .string()
        .regex(/^\d{1,5}$/)
        .transform(Number)
        .optional(),
    }),
    status: 204,
    output: "none",
    problems: [...reading, "not_found"],
  }),
  listConnections: endpoint({
    method: "GET",
    path: "/api/connections",
    summary: "The pooled SSH connections",
    status: 200,
    output: listOf(Connection),
    problems: [],
  }),
  closeConnection: endpoint({
    method: "DELETE",
    path: "/api/connections/:connection",
    summary: "Close a pooled connection; runs on it end as unknown",
    status: 204,
    output: "none",
    problems: ["not_found"],
  }),
  getSettings: endpoint({
    method: "GET",
    path: "/api/settings",
    summary: "The settings in force and where each came from",
    status: 200,
    output: SettingsReport,
    problems: [],
  }),
  updateSettings: endpoint({
    method: "PATCH",
    path: "/api/settings",
    summary: "Change settings in config.json",
    body: SettingsPatch,
    status: 200,
    output: SettingsReport,
    problems: writing,
  }),
};

export type Api = typeof api;
export type EndpointName = keyof Api;
