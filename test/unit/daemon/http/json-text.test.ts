import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonText } from "../../../../daemon/http/json-text.ts";

test("an answer reads as JSON.stringify writes it, also with long lists", async () => {
  const item = fc.oneof(
    fc.constant(null),
    fc.string(),
    fc.record({ id: fc.nat(), tags: fc.array(fc.string()) }),
  );
  const list = fc.oneof(
    fc.array(item),
    item.map((each) => Array.from({ length: 600 }, () => each)),
  );
  const answer = fc.record(
    { items: list, nextCursor: fc.option(fc.string()), 'a "key"': list },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(answer, async (value) => {
      expect(await jsonText(value)).toBe(JSON.stringify(value));
    }),
  );
  expect(await jsonText({ items: Array.from({ length: 600 }, () => 1), gone: undefined })).not.toContain(
    "gone",
  );
});

test("a long list is written in many turns of the event loop", async () => {
  const items = Array.from({ length: 60_000 }, (_, id) => ({ id, name: `web${id}`, tags: ["a", "b"] }));
  let turns = 0;
  const tick = (): void => {
    turns += 1;
    ticking = setImmediate(tick);
  };
  let ticking = setImmediate(tick);
  const text = await jsonText({ items, nextCursor: null });
  clearImmediate(ticking);
  expect(JSON.parse(text)).toEqual({ items, nextCursor: null });
  expect(turns).toBeGreaterThan(3);
});
