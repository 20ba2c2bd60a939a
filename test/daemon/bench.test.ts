import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as z from "zod";
import { expect, test } from "vitest";

const execute = promisify(execFile);
const root = `${import.meta.dirname}/../..`;
const Outcome = z.object({ goals: z.array(z.object({ id: z.string(), value: z.number() })) });

test("every suite of the benchmarks runs, and comes to something for each of its goals", {
  timeout: 300_000,
}, async () => {
  const { stdout } = await execute(process.execPath, ["bench/main.ts", "all", "--short", "--json"], {
    cwd: root,
  });
  const { goals } = Outcome.parse(JSON.parse(stdout));
  const ids = [...new Set(goals.map(({ id }) => id))].toSorted();
  const all = "P1 P10 P12 P13 P14 P2 P3 P3b P3c P4 P5 P6 P6c P7 P8 P8b P9";
  expect(ids).toEqual(all.split(" "));
  expect(goals.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
});
