import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { transform } from "esbuild";
import * as z from "zod";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const Guards = z.array(
  z.strictObject({
    guard: z.string().min(1),
    file: z.string(),
    text: z.string(),
    replacement: z.string(),
    test: z.string(),
    name: z.string().min(1),
  }),
);
const lists = join(root, "test/faults/guards");
const guards: z.infer<typeof Guards> = [];
for (const name of await readdir(lists)) {
  guards.push(...Guards.parse(JSON.parse(await readFile(join(lists, name), "utf8"))));
}

// That each test fails without its guard is shown by `npm run guards`, which takes its time.
test.each(guards)("the guard is where the list says, and so is its test: $guard", async (guard) => {
  const source = await readFile(join(root, guard.file), "utf8");
  expect(source.split(guard.text)).toHaveLength(2);
  expect(guard.replacement).not.toBe(guard.text);
  const without = source.replace(guard.text, () => guard.replacement);
  if (guard.file.endsWith(".ts")) await transform(without, { loader: "ts" });
  expect(await readFile(join(root, guard.test), "utf8")).toContain(guard.name);
});

test("no guard is listed twice", () => {
  expect(new Set(guards.map(({ guard }) => guard)).size).toBe(guards.length);
});
