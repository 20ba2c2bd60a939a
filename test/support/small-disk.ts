import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openDirectory } from "./directory.ts";

/** A disk of its own in memory, which can be filled to the last byte. Needs root. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  fill(): void;
  makeRoom(): void;
}

export async function openSmallDisk(mebibytes: number): Promise<SmallDisk> {
  const directory = await openDirectory();
  const { path } = directory;
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "hostrun-test", path]);
  const ballast = join(path, "ballast");
  return {
    path,
    fill: () => {
      for (const size of [1024 * 1024, 4096]) while (appended(ballast, size));
    },
    makeRoom: () => rmSync(ballast),
    async [Symbol.asyncDispose]() {
      execFileSync("umount", ["-l", path]);
      await directory[Symbol.asyncDispose]();
    },
  };
}

function appended(path: string, bytes: number): boolean {
  try {
    appendFileSync(path, Buffer.alloc(bytes, 1));
    return true;
  } catch (failure) {
    if (failure instanceof Error && "code" in failure && failure.code === "ENOSPC") return false;
    throw failure;
  }
}
