import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Directory extends AsyncDisposable {
  readonly path: string;
  /** The absolute path of something inside. */
  join(...names: string[]): string;
}

/**
 * A temporary directory that goes away with its owner. Its mode is 0700; `readable` makes it 0755, for servers
 * that look into it as another user.
 */
export async function openDirectory(options: { readable?: boolean } = {}): Promise<Directory> {
  const path = await mkdtemp(join(tmpdir(), "hostrun-test-"));
  if (options.readable === true) await chmod(path, 0o755);
  return {
    path,
    join: (...names) => join(path, ...names),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
