import * as z from "zod";
import { DoctorReport } from "./doctor.ts";
import { endpoint, reading, writing } from "./endpoint.ts";
import { EventsQuery } from "./event.ts";
import { KnownHost, NewKnownHost } from "./known-host.ts";
import { listOf } from "./list.ts";
import { routes } from "./routes.ts";
import { SettingsPatch, SettingsReport } from "./settings.ts";
import { Connection, Health, Stats, Version } from "./stats.ts";

export const daemonEndpoints = {
  health: endpoint({
    ...routes.health,
    summary: "The state, version and process id of the daemon",
    status: 200,
    output: Health,
    problems: [],
  }),
  version: endpoint({
    method: "GET",
    path: "/api/version",
    summary: "The daemon's version, and that of its API",
    status: 200,
    output: Version,
    problems: [],
  }),
  stats: endpoint({
    method: "GET",
    path: "/api/stats",
    summary: "The daemon's metrics",
    status: 200,
    output: Stats,
    problems: [],
  }),
  metrics: endpoint({
    method: "GET",
    path: "/api/metrics",
    summary: "The daemon's metrics in the Prometheus text format",
    status: 200,
    output: "text",
    textParameters: "version=0.0.4",
    problems: [],
  }),
  openapi: endpoint({
    method: "GET",
    path: "/api/openapi.json",
    summary: "This OpenAPI description",
    isStatic: true,
    status: 200,
    output: z.record(z.string(), z.unknown()),
    problems: [],
  }),
  doctor: endpoint({
    method: "GET",
    path: "/api/doctor",
    summary: "The checks that only the daemon can make: its store, Redis, cryptography",
    status: 200,
    output: DoctorReport,
    problems: [],
  }),
  backup: endpoint({
    ...routes.backup,
    summary: "A consistent backup of the daemon's state as one file, for `hostrun restore`",
    status: 200,
    output: "bytes",
    isMadeOnRequest: true,
    problems: ["storage_full", "range_not_satisfiable"],
  }),
  shutdown: endpoint({
    method: "POST",
    path: "/api/shutdown",
    summary: "Stop the daemon; with `drain`, only after its runs have ended",
    body: z.strictObject({ drain: z.boolean().default(false) }),
    status: 202,
    output: Health,
    problems: writing,
  }),
  replaceToken: endpoint({
    method: "POST",
    path: "/api/token/rotate",
    summary: "Replace the token for TCP with a new one, written to daemon.json; over the socket only",
    body: z.strictObject({}),
    status: 204,
    output: "none",
    problems: [...writing, "forbidden"],
  }),
  changes: endpoint({
    method: "GET",
    path: "/api/events",
    summary: "Changes in the daemon's state, as they happen",
    query: EventsQuery.pick({ after: true }),
    status: 200,
    output: "events",
    problems: reading,
  }),
  listKnownHosts: endpoint({
    method: "GET",
    path: "/api/known-hosts",
    summary: "The host keys on record: those recorded by Hostrun, and those in files that it only reads",
    status: 200,
    output: listOf(KnownHost),
    problems: [],
  }),
  getKnownHost: endpoint({
    method: "GET",
    path: "/api/known-hosts/:key",
    summary: "One host key on record, by its id",
    status: 200,
    output: KnownHost,
    problems: [...reading, "not_found"],
  }),
  addKnownHost: endpoint({
    method: "POST",
    path: "/api/known-hosts",
    summary: "Record a host key that a person has verified",
    body: NewKnownHost,
    status: 201,
    output: KnownHost,
    problems: [...writing, "conflict"],
  }),
  deleteKnownHosts: endpoint({
    method: "DELETE",
    path: "/api/known-hosts",
    summary: "Delete the keys that Hostrun recorded for an address",
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
    summary: "The effective settings, and the source of each",
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
