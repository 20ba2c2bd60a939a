import { statSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { listDirectory, readRegularFile, versionOf } from "../../../../daemon/core/regular-file.ts";
import { openDirectory } from "../../../support/directory.ts";

const found = statSync(import.meta.filename, { bigint: true });
const changedAt = Number((found.mtimeNs > found.ctimeNs ? found.mtimeNs : found.ctimeNs) / 1_000_000n);
const [one, other] = [Buffer.from("one"), Buffer.from("two")];

test("of a file that was changed just now the times alone are no version: a further change may not show in them", () => {
  for (const now of [changedAt - 60_000, changedAt, changedAt + 2000]) {
    expect(versionOf(found, one, now)).toBe(versionOf(found, Buffer.from(one), now));
    expect(versionOf(found, one, now)).not.toBe(versionOf(found, other, now));
  }
});

test("of an older one they are: it is not even opened again", async () => {
  const now = changedAt + 4000;
  expect(versionOf(found, one, now)).toBe(versionOf(found, other, now));
  const known = versionOf(found, Buffer.alloc(0), now);
  const read = await readRegularFile(import.meta.filename, { maxBytes: 0, known });
  expect(read).toEqual({ kind: "unchanged", version: known });
});

test("what has settled meanwhile without a change is not new", async () => {
  const options = { maxBytes: 1_000_000 };
  const read = await readRegularFile(import.meta.filename, options);
  if (read.kind !== "content") throw new Error(`It is ${read.kind}`);
  const known = versionOf(found, read.bytes, changedAt);
  expect(known).not.toBe(versionOf(found, read.bytes, changedAt + 4000));
  expect(await readRegularFile(import.meta.filename, { ...options, known })).toMatchObject({
    kind: "unchanged",
  });
});

test("of a directory that was changed just now there is no version", async () => {
  await using directory = await openDirectory();
  expect(await listDirectory(directory.path, 10)).toEqual({ kind: "names", names: [], version: undefined });
  const old = await listDirectory(dirname(import.meta.filename), 1000);
  expect("version" in old && old.version).toMatch(/^\d+(?::\d+){4}$/);
});
