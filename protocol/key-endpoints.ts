import * as z from "zod";
import { endpoint, reading, writing } from "./endpoint.ts";
import { Key, KeyInstallation, KeyInstallRequest, NewKey } from "./key.ts";
import { listOf } from "./list.ts";
import { connectingProblems } from "./problem-codes.ts";
import { AgentSocket } from "./run.ts";

/** The caller's SSH_AUTH_SOCK; default: the daemon's own. */
const agentQuery = z.strictObject({ agentSocket: AgentSocket.optional() });

export const keyEndpoints = {
  listKeys: endpoint({
    method: "GET",
    path: "/api/keys",
    summary: "The key pairs in ~/.ssh and in the SSH agent",
    query: agentQuery,
    status: 200,
    output: listOf(Key),
    problems: reading,
  }),
  getKey: endpoint({
    method: "GET",
    path: "/api/keys/:key",
    summary: "One key pair",
    query: agentQuery,
    status: 200,
    output: Key,
    problems: [...reading, "not_found"],
  }),
  createKey: endpoint({
    method: "POST",
    path: "/api/keys",
    summary: "Create a key pair in ~/.ssh; existing files are never overwritten",
    body: NewKey,
    status: 201,
    output: Key,
    problems: [...writing, "conflict", "key_not_made"],
  }),
  installKey: endpoint({
    method: "POST",
    path: "/api/keys/:key/install",
    summary: "Install a public key on a host, as ssh-copy-id does",
    body: KeyInstallRequest,
    status: 200,
    output: KeyInstallation,
    problems: [
      ...writing,
      "not_found",
      "host_unknown",
      ...connectingProblems,
      "channel_refused",
      "connection_lost",
      "key_not_installed",
    ],
  }),
};
