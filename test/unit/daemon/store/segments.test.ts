import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import type { RunStore } from "../../../../daemon/runs/record/run-store.ts";
import type { RecordedEvent, StoredEvent } from "../../../../daemon/runs/record/stored-event.ts";
import { openDatabase } from "../../../../daemon/store/database.ts";
import { createRunStore } from "../../../../daemon/store/runs.ts";
import { openDirectory } from "../../../support/directory.ts";
import { endedRun } from "../../../support/stored-run.ts";

const migrations = join(import.meta.dirname, "../../../../migrations");
const limits = { inlineBytes: 100, segmentBytes: 1000 };
const at = "2026-01-01T00:00:00.000Z";

async function openStore() {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const options = { path: directory.join("db"), migrations, nativeBinding: undefined };
  const database = stack.use(openDatabase(options));
  const store = createRunStore(database, limits);
  const numberOf = database.sql.prepare<[string], number>("SELECT number FROM runs WHERE id = ?").pluck();
  const numbers = new Map<string, number | undefined>();
  const folder = (run: string): string => join(database.outputFolder, String(numbers.get(run)));
  const files = (run: string): string[] =>
    statSync(folder(run), { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder(run)).sort();
  const owned = stack.move();
  return {
    store,
    database,
    folder,
    files,
    /** Another store on the same database, as a daemon that starts anew has it. */
    again: () => createRunStore(database, limits),
    begin: () => {
      const run = { ...endedRun("x", "web1"), state: "running", outcome: null } as const;
      store.create(run, [], undefined);
      numbers.set(run.id, numberOf.get(run.id));
      return run.id;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Pieces of these sizes, each of another letter, numbered from `seq` on. */
function pieces(sizes: readonly number[], seq = 1, stream: "stdout" | "stderr" = "stdout"): StoredEvent[] {
  let end = 0;
  return sizes.map((size, index) => {
    const bytes = Buffer.alloc(size, String.fromCharCode(97 + ((seq + index) % 26)));
    end += size;
    return { seq: seq + index, at, kind: "output", stream, offset: end - size, noise: false, bytes };
  });
}

type Which = "stdout" | "stderr" | "both";

function read(store: RunStore, run: string, [stream, from = 0, to = Infinity]: [Which, number?, number?]) {
  const output = store.events.output(run, stream);
  return Buffer.concat([...output.read(from, Math.min(to, output.size))]);
}

const bytesOf = (events: readonly StoredEvent[]): Buffer =>
  Buffer.concat(events.map((event) => (event.kind === "output" ? event.bytes : Buffer.alloc(0))));

test("long pieces lie in files, short ones in their rows, and both are read as they came", async () => {
  await using bed = await openStore();
  const { store } = bed;
  const run = bed.begin();
  const events = pieces([50, 100, 99, 400, 600, 100, 1]);
  store.events.append(run, events.slice(0, 4));
  store.events.append(run, events.slice(4));
  expect(store.bytesInFiles()).toBe(100 + 400 + 600 + 100);
  expect(bed.files(run)).toEqual(["0"]);
  expect(store.events.read(run, 0, 1e9)).toEqual(events);
  expect(store.events.read(run, 3, 500).map(({ seq }) => seq)).toEqual([4, 5]);
  const whole = bytesOf(events);
  expect(read(store, run, ["stdout"])).toEqual(whole);
  for (const [from, to] of [
    [0, 1],
    [49, 151],
    [250, 800],
    [1300, 1350],
  ] as const)
    expect(read(store, run, ["stdout", from, to])).toEqual(whole.subarray(from, to));
  expect(store.events.output(run, "stdout").end).toBe(whole.length);
});

test("a file is left for the next one when it is long enough, also by a store that opens later", async () => {
  await using bed = await openStore();
  const run = bed.begin();
  const events = pieces(Array.from({ length: 12 }, () => 300));
  for (const event of events.slice(0, 6)) bed.store.events.append(run, [event]);
  expect(bed.files(run)).toEqual(["0", "1"]);
  const later = bed.again();
  for (const event of events.slice(6)) later.events.append(run, [event]);
  expect(bed.files(run)).toEqual(["0", "1", "2"]);
  expect(statSync(join(bed.folder(run), "2")).mode & 0o777).toBe(0o600);
  expect(later.events.read(run, 0, 1e9)).toEqual(events);
});

test("bytes that a process left behind without their row are passed over", async () => {
  await using bed = await openStore();
  const run = bed.begin();
  const [first, second] = pieces([200, 200]);
  if (first === undefined || second === undefined) throw new TypeError("two pieces");
  bed.store.events.append(run, [first]);
  writeFileSync(join(bed.folder(run), "0"), Buffer.alloc(77, "!"), { flag: "a" });
  const later = bed.again();
  later.events.append(run, [second]);
  expect(later.events.read(run, 0, 1e9)).toEqual([first, second]);
});

test("what a file has lost is told as lost, and everything else is there", async () => {
  await using bed = await openStore();
  const { store } = bed;
  const run = bed.begin();
  const events = pieces([300, 20, 300, 300]);
  store.events.append(run, events);
  truncateSync(join(bed.folder(run), "0"), 650);
  const found = store.events.read(run, 0, 1e9);
  expect(found.slice(0, 3)).toEqual(events.slice(0, 3));
  expect(found[3]).toEqual({ seq: 4, at, kind: "lost", stream: "stdout", offset: 620, size: 300 });
  expect(read(store, run, ["stdout"])).toEqual(bytesOf(events.slice(0, 3)));
  expect(store.events.output(run, "stdout").end).toBe(920);
  rmSync(bed.folder(run), { recursive: true });
  const lostBytes = (event: RecordedEvent): number => (event.kind === "lost" ? event.size : 0);
  expect(store.events.read(run, 0, 1e9).map(lostBytes)).toEqual([300, 0, 300, 300]);
  expect(read(store, run, ["stdout"])).toEqual(bytesOf(events.slice(1, 2)));
});

test("a record's dropped middle gives its files back, and no other", async () => {
  await using bed = await openStore();
  const { store } = bed;
  const run = bed.begin();
  const events = pieces(Array.from({ length: 20 }, () => 500));
  for (const event of events) store.events.append(run, [event]);
  expect(bed.files(run)).toHaveLength(10);
  const { bytes } = store.events.truncateMiddle(run, { first: 4, last: 3, gaps: [] }, 6000, at);
  expect(bytes).toBe(6000);
  const gap = { seq: 15, at, kind: "gap", stream: "stdout", from: 1500, to: 7500 };
  expect(store.events.read(run, 0, 1e9)).toEqual([...events.slice(0, 3), gap, ...events.slice(15)]);
  // Two pieces a file: the second file still has the third piece.
  expect(bed.files(run)).toEqual(["0", "1", "7", "8", "9"]);
  expect(read(store, run, ["stdout"])).toEqual(bytesOf([...events.slice(0, 3), ...events.slice(15)]));
  expect(store.bytesInFiles()).toBe(8 * 500);
});

test("a deleted run leaves no file, and a sweep takes what was left, of no known run", async () => {
  await using bed = await openStore();
  const { store } = bed;
  const [one, other] = [bed.begin(), bed.begin()];
  for (const run of [one, other]) store.events.append(run, pieces([500]));
  store.delete(one);
  await expect.poll(() => bed.files(one)).toEqual([]);
  expect(store.get(one)).toBeUndefined();
  const unknown = join(bed.database.outputFolder, "99");
  mkdirSync(unknown);
  writeFileSync(join(unknown, "0"), "left");
  await store.sweepFiles(new AbortController().signal);
  expect(readdirSync(bed.database.outputFolder)).toEqual([basename(bed.folder(other))]);
  expect(store.events.read(other, 0, 1e9)).toEqual(pieces([500]));
});

test("a copied output outlives the run that it came from", async () => {
  await using bed = await openStore();
  const { store } = bed;
  const [from, to] = [bed.begin(), bed.begin()];
  const events = pieces([300, 5, 900, 900]);
  store.events.append(from, events);
  expect(store.events.copyOutput(from, to, 3)).toBe(7);
  store.delete(from);
  await expect.poll(() => bed.files(from)).toEqual([]);
  const copied = events.map((event) => ({ ...event, seq: event.seq + 2 }));
  expect(store.events.read(to, 0, 1e9)).toEqual(copied);
  const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  expect(hash(read(store, to, ["both"]))).toBe(hash(bytesOf(events)));
});

test("long output is searched like any other", async () => {
  await using bed = await openStore();
  const { store } = bed;
  const run = endedRun("make", "web1");
  store.create(run, [], undefined);
  const bytes = Buffer.from(`${"x".repeat(500)} needle ${"y".repeat(500)}`);
  store.events.append(run.id, [
    { seq: 1, at, kind: "output", stream: "stdout", offset: 0, noise: false, bytes },
  ]);
  store.index(10, 1e9);
  expect(store.list({ limit: 5, before: undefined, q: "needle" }).runs).toMatchObject([{ id: run.id }]);
});

test("a folder that cannot be written is told as storage_full, and costs nothing that is recorded", async () => {
  await using bed = await openStore();
  const { store } = bed;
  const run = bed.begin();
  const [first, second, third] = [pieces([500]), pieces([500], 2), pieces([500], 2)];
  store.events.append(run, first);
  rmSync(bed.folder(run), { recursive: true });
  writeFileSync(bed.folder(run), "in the way");
  expect(() => store.events.append(run, second)).toThrow(expect.objectContaining({ code: "storage_full" }));
  expect(store.events.lastSeq(run)).toBe(1);
  rmSync(bed.folder(run));
  store.events.append(run, third);
  expect(store.events.read(run, 1, 1e9)).toEqual(third);
});

test("output is not written to, nor read from, what somebody else could have put there", async () => {
  await using directory = await openDirectory();
  await using bed = await openStore();
  const [linked, open, swapped] = [bed.begin(), bed.begin(), bed.begin()];
  const precious = directory.join("precious");
  writeFileSync(precious, "p".repeat(200), { mode: 0o600 });
  mkdirSync(bed.folder(linked));
  symlinkSync(precious, join(bed.folder(linked), "0"));
  expect(() => bed.store.events.append(linked, pieces([200]))).toThrow("is a symbolic link");
  mkdirSync(bed.folder(open));
  chmodSync(bed.folder(open), 0o777);
  expect(() => bed.store.events.append(open, pieces([200]))).toThrow("can be written to by other users");
  bed.store.events.append(swapped, pieces([200]));
  rmSync(join(bed.folder(swapped), "0"));
  symlinkSync(precious, join(bed.folder(swapped), "0"));
  expect(() => read(bed.store, swapped, ["stdout"])).toThrow("is a symbolic link");
  expect(readFileSync(precious, "utf8")).toBe("p".repeat(200));
});
