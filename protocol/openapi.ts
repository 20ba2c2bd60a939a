import * as z from "zod";
import { api } from "./api.ts";
import type { Endpoint } from "./endpoint.ts";
import { ProblemDetails, problems } from "./problem.ts";

type Json = Record<string, unknown>;

const problemRef = { $ref: "#/components/schemas/ProblemDetails" };

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return json;
}

function parametersOf(declaration: Endpoint): Json[] {
  const names = [...declaration.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? "");
  const inPath = names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }));
  if (declaration.query === undefined) return inPath;
  const { properties, required } = z
    .object({ properties: z.record(z.string(), z.unknown()), required: z.array(z.string()).default([]) })
    .parse(schemaOf(declaration.query, "input"));
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
  return [...inPath, ...inQuery];
}

function contentOf(declaration: Endpoint): Json {
  const { output } = declaration;
  if (output === "none") return {};
  if (output === "events") return { content: { "text/event-stream": { schema: { type: "string" } } } };
  if (output === "bytes") return { content: { "application/octet-stream": {} } };
  if (output === "text") return { content: { "text/plain": { schema: { type: "string" } } } };
  const stream = declaration.alsoEvents ? { "text/event-stream": { schema: { type: "string" } } } : {};
  return { content: { "application/json": { schema: schemaOf(output, "output") }, ...stream } };
}

function operationOf(name: string, declaration: Endpoint): Json {
  const statuses = Map.groupBy(declaration.problems, (code) => problems[code].status);
  const failures = [...statuses].map(([status, codes]) => [
    String(status),
    {
      description: [...new Set(codes)].join(", "),
      content: { "application/problem+json": { schema: problemRef } },
    },
  ]);
  const raw = declaration.rawBody ? { "application/octet-stream": {} } : {};
  const body =
    declaration.body === undefined
      ? {}
      : {
          requestBody: {
            content: { "application/json": { schema: schemaOf(declaration.body, "input") }, ...raw },
          },
        };
  return {
    operationId: name,
    summary: declaration.summary,
    parameters: parametersOf(declaration),
    ...body,
    responses: {
      [declaration.status]: { description: declaration.summary, ...contentOf(declaration) },
      ...Object.fromEntries(failures),
    },
  };
}

/** The OpenAPI 3.1 description of the API, made from `api`; openapi.json is this, committed. */
export function describeApi(): Json {
  const paths: Record<string, Json> = {};
  for (const [name, declaration] of Object.entries<Endpoint>(api)) {
    const path = declaration.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [declaration.method.toLowerCase()]: operationOf(name, declaration) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Hostrun",
      version: "1",
      description: "Run commands on SSH hosts through the local Hostrun daemon.",
    },
    paths,
    components: { schemas: { ProblemDetails: schemaOf(ProblemDetails, "output") } },
  };
}
