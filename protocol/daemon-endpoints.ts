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
    summary: "Whether the daemon is up, and which one it is",
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
    textParameters: "version=0.0.4",
    problems: [],
  }),
  openapi: endpoint({
    method: "GET",
    path: "/api/openapi.json",
    summary: "This description",
    isStatic: true,
    status: 200,
    output: z.record(z.string(), z.unknown()),
    problems: [],
  }),
  doctor: endpoint({
    method: "GET",
    path: "/api/doctor",
    summary: "What only the daemon can tell of how it is: its store, Redis, cryptography",
    status: 200,
    output: DoctorReport,
    problems: [],
  }),
  backup: endpoint({
    ...routes.backup,
    summary: "The state at one moment as one file, which `hostrun restore` takes",
    status: 200,
    output: "bytes",
    isMadeOnRequest: true,
    problems: ["storage_full", "range_not_satisfiable"],
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
  replaceToken: endpoint({
    method: "POST",
    path: "/api/token/rotate",
    summary: "Replace the token of TCP by another, which daemon.json has then; over the socket only",
    body: z.strictObject({}),
    status: 204,
    output: "none",
    problems: [...writing, "forbidden"],
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
  listKnownHosts: endpoint({
    method: "GET",
    path: "/api/known-hosts",
    summary:
      "The host keys on record: those that Hostrun recorded itself, and those of files that it only reads",
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
    summary: "Record a host key that a person has checked",
    body: NewKnownHost,
    status: 201,
    output: KnownHost,
    problems: [...writing, "conflict"],
  }),
  deleteKnownHosts: endpoint({
    method: "DELETE",
    path: "/api/known-hosts",
    summary: "Forget the keys of an address that Hostrun recorded itself",
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
