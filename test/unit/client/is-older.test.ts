import { expect, test } from "vitest";
import { isOlder } from "../../../client/is-older.ts";

const inOrder = ["0.0.9", "0.1.0-beta.2", "0.1.0-beta.10", "0.1.0", "0.1.1", "0.2.0", "0.10.0", "1.0.0"];

test("versions are in the order of their numbers, and what comes before a release is before it", () => {
  for (const [index, version] of inOrder.entries()) {
    for (const [other, than] of inOrder.entries())
      expect(isOlder(version, than), `${version} ${than}`).toBe(index < other);
  }
});

test.each(["", "1", "1.2", "v1.2.3", "1.2.3.4", "latest"])(
  "%j is no version, and so is not older",
  (text) => {
    expect([isOlder(text, "1.0.0"), isOlder("1.0.0", text)]).toEqual([false, false]);
  },
);

test("the build does not make a version newer", () => expect(isOlder("1.0.0+one", "1.0.0+two")).toBe(false));
