import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { PlannedRun } from "../../daemon/runs/durable/plan.ts";
import { createDurablePlans } from "../../daemon/store/durable-runs.ts";
import { openTestDatabase } from "./database.ts";
import { openDirectory } from "./directory.ts";

const run = promisify(execFile);

/** Names of what durable runs of an account have left on this machine, which is its own host in the tests. */
export async function durableFilesOf(user: string): Promise<string[]> {
  const { stdout } = await run("id", ["-u", user]);
  return readdir(`/var/tmp/hostrun-${stdout.trim()}`).catch(() => []);
}

/** The durable runs that the next daemon of a state directory would go on with. */
export function plannedRuns(stateDirectory: string): readonly PlannedRun[] {
  using database = openTestDatabase(join(stateDirectory, "hostrun.db"));
  return createDurablePlans(database).list().planned;
}

/** Resolves when `seen` gives true, looked for twenty times a second. */
export async function until(seen: () => Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await seen())) {
    if (performance.now() - begun > 60_000) throw new Error("not seen within a minute");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/**
 * A command that writes random bytes to both streams, piece by piece, and their hashes. After each of the numbers of pieces in
 * `stops` it waits until that number is released.
 */
export async function openNoisySource(
  bytes: number,
  pieces: number,
  pause: string,
  stops: readonly number[] = [],
) {
  const directory = await openDirectory({ readable: true });
  const out = randomBytes(bytes);
  const err = randomBytes(bytes);
  await writeFile(directory.join("out"), out);
  await writeFile(directory.join("err"), err);
  const stopAt = (count: number | string): string => directory.join(`stop${count}`);
  for (const count of stops) await writeFile(stopAt(count), "");
  const size = bytes / pieces;
  const piece = (name: string): string => `dd if=${directory.join(name)} bs=${size} skip=$i count=1`;
  return {
    // For /bin/sh: hosts differ in what their login shells speak.
    command: `/bin/sh -c 'i=0; while [ $i -lt ${pieces} ]; do ${piece("out")} 2>/dev/null; ${piece("err")} >&2 2>/dev/null; i=$((i+1)); sleep ${pause}; while [ -e ${stopAt("$i")} ]; do sleep 0.05; done; done'`,
    release: (count: number): Promise<void> => rm(stopAt(count)),
    sha256: { stdout: sha256(out), stderr: sha256(err) },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
