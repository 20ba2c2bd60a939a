import * as fc from "fast-check";
import * as z from "zod";

/** A request as a description of the API allows it, or nearly so. */
export interface ApiRequest {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
  /** The statuses that the description has for it. */
  readonly statuses: readonly number[];
}

const Json = z.record(z.string(), z.unknown());
type Json = z.infer<typeof Json>;
const Parameter = z.object({ name: z.string(), in: z.enum(["path", "query"]), schema: Json });
const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(Parameter).default([]),
  responses: z.record(z.string(), z.unknown()),
  requestBody: z
    .object({ content: z.object({ "application/json": z.object({ schema: Json }).optional() }) })
    .optional(),
});
const Description = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

/** A JSON schema as far as the description uses it. */
const Schema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  anyOf: z.array(Json).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  maxLength: z.int().optional(),
  items: Json.optional(),
  properties: z.record(z.string(), Json).optional(),
  required: z.array(z.string()).default([]),
  propertyNames: Json.optional(),
  additionalProperties: z.union([z.boolean(), Json]).optional(),
});

export interface RequestChoice {
  /** Operations that are not asked for. */
  readonly without: readonly string[];
  /** Properties that are never given. */
  readonly withoutProperties: readonly string[];
  /** Texts that mean something to the daemon, besides any at all. */
  readonly texts: readonly string[];
}

/** Requests for every operation of an OpenAPI document: valid ones, and with single parts that are of another kind. */
export function requestsOf(document: unknown, choice: RequestChoice): fc.Arbitrary<ApiRequest> {
  const { paths } = Description.parse(document);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { operationId }]) => !choice.without.includes(operationId))
      .map(([method, operation]) => requestOf(path, method, operation, choice)),
  );
  return fc.oneof(...operations);
}

function requestOf(
  template: string,
  method: string,
  { operationId: operation, parameters, requestBody, responses }: z.infer<typeof Operation>,
  choice: RequestChoice,
): fc.Arbitrary<ApiRequest> {
  const named = (where: "path" | "query") =>
    Object.fromEntries(
      parameters.filter((each) => each.in === where).map(({ name, schema }) => [name, schema]),
    );
  const inPath = Object.fromEntries(Object.keys(named("path")).map((name) => [name, textOf(choice)]));
  const inQuery = Object.fromEntries(
    Object.entries(named("query")).map(([name, schema]) => [name, valueOf(schema, choice).map(asText)]),
  );
  const schema = requestBody?.content["application/json"]?.schema;
  const body = schema === undefined ? fc.constant(undefined) : bodyOf(schema, choice);
  return fc
    .record({ inPath: fc.record(inPath), inQuery: fc.record(inQuery, { requiredKeys: [] }), body })
    .map((parts) => {
      const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent((parts.inPath[name] ?? "").toWellFormed()),
      );
      const given = Object.entries(parts.inQuery).filter(
        (each): each is [string, string] => each[1] !== undefined,
      );
      const query = new URLSearchParams(given).toString();
      return {
        operation,
        method: method.toUpperCase(),
        path: query === "" ? path : `${path}?${query}`,
        body: parts.body,
        statuses: Object.keys(responses).map(Number),
      };
    });
}

/** Mostly JSON that fits; now and then any JSON, or what is none. */
function bodyOf(schema: Json, choice: RequestChoice): fc.Arbitrary<string | undefined> {
  return fc.oneof(
    { weight: 12, arbitrary: valueOf(schema, choice).map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: fc.json({ maxDepth: 4 }) },
    { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function valueOf(schema: Json, choice: RequestChoice): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 40, arbitrary: fitting(schema, choice) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
}

function fitting(json: Json, choice: RequestChoice): fc.Arbitrary<unknown> {
  const schema = Schema.parse(json);
  if ("const" in json) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => valueOf(each, choice)));
  const types = [schema.type ?? "null"].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, choice)));
}

function ofType(type: string, schema: z.infer<typeof Schema>, choice: RequestChoice): fc.Arbitrary<unknown> {
  const from = schema.minimum ?? schema.exclusiveMinimum ?? -1000;
  const to = schema.maximum ?? 1_000_000;
  if (type === "boolean") return fc.boolean();
  if (type === "integer")
    return fc.oneof(
      fc.constantFrom(from, from + 1, to, from - 1, to + 1),
      fc.integer({ min: from, max: from + 50 }),
    );
  if (type === "number") return fc.double({ min: from, max: to });
  if (type === "string") return textOf(choice);
  if (type === "array") return fc.array(valueOf(schema.items ?? {}, choice), { maxLength: 4 });
  if (type === "object") return objectOf(schema, choice);
  return fc.constant(null);
}

function objectOf(schema: z.infer<typeof Schema>, choice: RequestChoice): fc.Arbitrary<object> {
  if (schema.properties === undefined) {
    const more = typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
    return fc.dictionary(
      fc.oneof(textOf(choice), fc.constantFrom("A", "PATH", "__proto__")),
      valueOf(more, choice),
      {
        maxKeys: 3,
      },
    );
  }
  const properties = Object.fromEntries(
    Object.entries(schema.properties)
      .filter(([name]) => !choice.withoutProperties.includes(name))
      .map(([name, each]) => [name, valueOf(each, choice)]),
  );
  const isRequired = (name: string): boolean => schema.required.includes(name);
  const always = Object.keys(properties).filter(isRequired);
  const optional = Object.keys(properties).filter((name) => !isRequired(name));
  // With all of many fields at once one of them would nearly always be wrong.
  return fc
    .subarray(optional, { maxLength: Math.min(4, optional.length) })
    .chain((some) =>
      fc.record(
        Object.fromEntries(
          Object.entries(properties).filter(([name]) => [...always, ...some].includes(name)),
        ),
      ),
    );
}

function textOf({ texts }: RequestChoice): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...texts) },
    { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
    { weight: 1, arbitrary: fc.string({ minLength: 200, maxLength: 400 }) },
  );
}
