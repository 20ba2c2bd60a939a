import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { api } from "../../protocol/api.ts";
import type { Endpoint } from "../../protocol/endpoint.ts";
import { describeApi } from "../../protocol/openapi.ts";

const path = join(import.meta.dirname, "../../protocol/openapi.json");
const committed: unknown = JSON.parse(readFileSync(path, "utf8"));

const Described = z.object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) });

test("openapi.json is what the API describes; `npm run openapi` writes it anew", () => {
  expect(committed).toEqual(JSON.parse(JSON.stringify(describeApi())));
});

test("it has every endpoint once, by its method and path", () => {
  expect(committed).toMatchObject({ openapi: "3.1.0" });
  const text = JSON.stringify(committed);
  for (const [name, declaration] of Object.entries<Endpoint>(api)) {
    expect(text.split(`"operationId":"${name}"`).length - 1, name).toBe(1);
    expect(text).toContain(`"${declaration.path.replace(/:(\w+)/g, "{$1}")}"`);
  }
});

test("every reference in it leads somewhere", () => {
  const text = JSON.stringify(committed);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]);
  expect(references.length).toBeGreaterThan(0);
  expect(text).not.toContain("#/$defs/");
  const { components } = Described.parse(committed);
  const missing = references.filter((name) => name === undefined || !(name in components.schemas));
  expect(missing).toEqual([]);
});

test("no two endpoints have the same method and path", () => {
  const places = Object.values<Endpoint>(api).map(
    ({ method, path: at }) => `${method} ${at.replace(/:\w+/g, ":")}`,
  );
  expect(new Set(places).size).toBe(places.length);
});
