import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectNoWarningsBelow } from "./warnings.ts";

const memory = "/dev/shm";

export interface Directory extends AsyncDisposable {
  readonly path: string;
  /** The absolute path of something inside. */
  join(...names: string[]): string;
}

/**
 * A temporary directory that goes away with its owner; that rejects when a daemon warned in a log below it. Its mode
 * is 0700; `readable` makes it 0755, for servers that look into it as another user. `memory` puts it into memory where
 * there is such a place: for many small files and commits of which none has to outlive anything.
 */
export async function openDirectory(
  options: { readable?: boolean; memory?: boolean } = {},
): Promise<Directory> {
  const place = options.memory === true && existsSync(memory) ? memory : tmpdir();
  const path = await mkdtemp(join(place, "hostrun-test-"));
  if (options.readable === true) await chmod(path, 0o755);
  return {
    path,
    join: (...names) => join(path, ...names),
    async [Symbol.asyncDispose]() {
      try {
        await expectNoWarningsBelow(path);
      } finally {
        await rm(path, { recursive: true, force: true, maxRetries: 3 });
      }
    },
  };
}
