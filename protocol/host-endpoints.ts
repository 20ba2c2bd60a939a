import * as z from "zod";
import { endpoint, reading, writing } from "./endpoint.ts";
import { Host, HostPatch, NewHost } from "./host.ts";
import { HostConnect, HostConnectRequest } from "./host-connect.ts";
import { ImportRequest, ImportResult } from "./host-import.ts";
import { HostTest, HostTestRequest } from "./host-test.ts";
import { listOf } from "./list.ts";
import { connectingProblems } from "./problem-codes.ts";
import { ProblemDetails } from "./problem-details.ts";

const ofHost = [...reading, "host_unknown"] as const;

const HostQuery = z.strictObject({ q: z.string().max(255).optional() });

const Secret = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => !text.includes("\0"), "must not contain a NUL byte");

export const hostEndpoints = {
  listHosts: endpoint({
    method: "GET",
    path: "/api/hosts",
    summary: "All hosts, including those that are only in the SSH config",
    query: HostQuery,
    status: 200,
    output: listOf(Host).extend({
      /** Why a part of the list could not be read; the rest is complete. */
      problems: z.array(ProblemDetails).default([]),
    }),
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
    summary: "Import the hosts of an SSH config file, or of an export",
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
  keepSecrets: endpoint({
    method: "POST",
    path: "/api/hosts/:host/secrets",
    summary: "Keep a host's password, or the passphrase of its keys, in the daemon's memory",
    body: z
      .strictObject({
        password: Secret.optional(),
        passphrase: Secret.optional(),
      })
      .refine((secrets) => Object.keys(secrets).length > 0, "must have a password or a passphrase"),
    status: 204,
    output: "none",
    problems: [...writing, "host_unknown"],
  }),
  forgetSecrets: endpoint({
    method: "DELETE",
    path: "/api/hosts/:host/secrets",
    summary: "Forget a host's secrets, and close the connections that were opened with them",
    status: 204,
    output: "none",
    problems: ofHost,
  }),
  connectHost: endpoint({
    method: "POST",
    path: "/api/hosts/:host/connect",
    summary: "Open a connection for the next run, without prompting",
    body: HostConnectRequest,
    status: 200,
    output: HostConnect,
    problems: [...writing, "host_unknown", "confirmation_required", "queue_full", ...connectingProblems],
  }),
  testHost: endpoint({
    method: "POST",
    path: "/api/hosts/:host/test",
    summary: "Test a host: connect, authenticate and open a session, step by step",
    body: HostTestRequest,
    status: 200,
    output: HostTest,
    problems: [...writing, "host_unknown", ...connectingProblems],
  }),
};
