import type { EndpointName } from "../../protocol/api.ts";
import type { ProblemCode } from "../../protocol/problem-codes.ts";
import type { Http, Sent } from "./http.ts";

type Request = { readonly path: string } & Sent;

const ofHost = { name: "not kept", command: "echo {{host.name}}" };

/** Requests for snippets that are answered well. */
export function goodSnippets(http: Http) {
  const fresh = () => ({
    name: `snippet ${Math.random().toString(36).slice(2)}`,
    command: "echo {{what}}",
    inputs: [{ name: "what", type: "text" }],
  });
  const path = async (): Promise<string> => {
    const json = fresh();
    await http.ask("POST", "/api/snippets", { json });
    return `/api/snippets/${encodeURIComponent(json.name)}`;
  };
  return {
    listSnippets: (): Request => ({ path: "/api/snippets" }),
    createSnippet: (): Request => ({ path: "/api/snippets", json: fresh() }),
    getSnippet: async (): Promise<Request> => ({ path: await path() }),
    updateSnippet: async (): Promise<Request> => ({ path: await path(), json: { description: "what for" } }),
    deleteSnippet: async (): Promise<Request> => ({ path: await path() }),
    expandSnippet: async (): Promise<Request> => ({
      path: `${await path()}/expand`,
      json: { inputs: { what: "it" } },
    }),
    expandTemplate: (): Request => ({
      path: "/api/snippets/expand",
      json: { snippet: ofHost, hosts: ["web1"] },
    }),
  };
}

/** Those that the requests below are about. */
export async function keepSnippets(http: Http): Promise<void> {
  for (const [name, command] of [
    ["taken", "true"],
    ["other", "echo {{host.name}}"],
  ]) {
    await http.ask("POST", "/api/snippets", { json: { name, command } });
  }
}

/** Requests for the problems of snippets. */
export const provokedSnippets: [EndpointName, ProblemCode, string, Sent?][] = [
  ["createSnippet", "invalid_request", "/api/snippets", { json: { name: "x", command: "{{nope}}" } }],
  ["createSnippet", "conflict", "/api/snippets", { json: { name: "taken", command: "true" } }],
  ["getSnippet", "not_found", "/api/snippets/nope"],
  ["getSnippet", "invalid_request", "/api/snippets/taken?nope=1"],
  ["updateSnippet", "not_found", "/api/snippets/nope", { json: {} }],
  ["updateSnippet", "invalid_request", "/api/snippets/taken", { json: { command: "{{nope}}" } }],
  ["updateSnippet", "conflict", "/api/snippets/other", { json: { name: "taken" } }],
  ["deleteSnippet", "not_found", "/api/snippets/nope"],
  ["deleteSnippet", "invalid_request", "/api/snippets/taken?nope=1"],
  ["expandSnippet", "not_found", "/api/snippets/nope/expand", { json: {} }],
  ["expandSnippet", "invalid_request", "/api/snippets/other/expand", { json: {} }],
  ["expandSnippet", "host_unknown", "/api/snippets/other/expand", { json: { host: "nobody" } }],
  ["expandTemplate", "invalid_request", "/api/snippets/expand", { json: { snippet: ofHost } }],
  [
    "expandTemplate",
    "host_unknown",
    "/api/snippets/expand",
    { json: { snippet: ofHost, hosts: ["nobody"] } },
  ],
];
