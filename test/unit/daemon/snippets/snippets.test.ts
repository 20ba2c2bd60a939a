import { expect, test } from "vitest";
import { Snippets, type SnippetStore } from "../../../../daemon/snippets/snippets.ts";
import { NewSnippet, Snippet } from "../../../../protocol/snippet.ts";

const at = "2026-01-01T00:00:00.000Z";
/** As it may have been kept before its name and its command were looked at as they are now. */
const kept = Snippet.parse({
  id: 1,
  name: "12",
  command: "echo ~{{x}}",
  inputs: [{ name: "x", type: "text" }],
  createdAt: at,
  updatedAt: at,
});
const refuses = () => {
  throw new Error("is not called");
};
const store: SnippetStore = {
  list: () => [kept],
  insert: refuses,
  update: (id, fields) => ({ ...kept, ...fields, id }),
  delete: refuses,
};
const snippets = new Snippets({ store, clock: { now: () => at, elapsed: () => 0 }, host: refuses });

test("a command that was kept before a place of it was refused gets no value", async () => {
  const given = { inputs: { x: "a" }, host: null, hosts: [] };
  await expect(snippets.expand(snippets.get("12"), given)).rejects.toThrow(/joined to ~/);
});

test("a snippet that has a number for a name keeps it, and no other one gets one", () => {
  expect(snippets.update("12", { command: "echo {{x}}" }).name).toBe("12");
  expect(NewSnippet.safeParse({ name: "13", command: "true" }).success).toBe(false);
});
