import * as z from "zod";
import { api } from "./api.ts";
import type { Endpoint } from "./endpoint.ts";
import { framesType } from "./frames.ts";
import { Host } from "./host.ts";
import { KnownHost } from "./known-host.ts";
import { problems } from "./problem-codes.ts";
import { ProblemDetails } from "./problem-details.ts";
import { Prompt } from "./prompt.ts";
import { DoctorReport } from "./doctor.ts";
import { Job } from "./job.ts";
import { Key } from "./key.ts";
import { Run } from "./run.ts";
import { Snippet } from "./snippet.ts";
import { SettingsReport } from "./settings.ts";
import { Connection, Stats } from "./stats.ts";
import { TestStep } from "./test-step.ts";

type Json = Record<string, unknown>;

const problemRef = { $ref: "#/components/schemas/ProblemDetails" };

/** Schemas with an id appear once, under components. */
function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, $defs: __, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return located(json);
}

function withoutHead(schema: Json): Json {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== "$schema" && name !== "$id"));
}

function located(json: Json): Json {
  const text = JSON.stringify(json).replaceAll("#/$defs/", "#/components/schemas/");
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

function namedSchemas(): Json {
  const named = {
    Connection,
    Host,
    DoctorReport,
    Job,
    Key,
    KnownHost,
    ProblemDetails,
    Prompt,
    Run,
    SettingsReport,
    Snippet,
    Stats,
    TestStep,
  };
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io: "output",
    unrepresentable: "any",
    uri: (id) => `#/$defs/${id}`,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, located(withoutHead(schema))]),
  );
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
  const frames = declaration.alsoFrames ? { [framesType]: {} } : {};
  const events = { "text/event-stream": { schema: { type: "string" } }, ...frames };
  if (output === "none") return {};
  if (output === "events") return { content: events };
  if (output === "bytes") return { content: { "application/octet-stream": {} } };
  if (output === "text") return { content: { "text/plain": { schema: { type: "string" } } } };
  const stream = declaration.alsoEvents ? events : {};
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
      ...(declaration.endsForReaders === true && { 204: { description: "There are no later events" } }),
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
    components: { schemas: namedSchemas() },
  };
}
