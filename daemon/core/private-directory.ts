import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface PrivateDirectoryOptions {
  /** Identifies the daemon: the next one for the same directory clears what this one left. */
  readonly stateDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number | undefined;
  /** What it is for; a daemon has one for each purpose. */
  readonly purpose: string;
  /** The maximum length of its path. */
  readonly maxBytes: number;
}

export interface PrivateDirectory extends Disposable {
  readonly path: string;
}

/**
 * An empty directory that nobody else can access, for sockets, since the state directory's path may be too long. Throws
 * if there is no place for one.
 */
export function openPrivateDirectory(options: PrivateDirectoryOptions): PrivateDirectory {
  const path = create(options);
  return {
    path,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

function create({ stateDirectory, environment, uid, purpose, maxBytes }: PrivateDirectoryOptions): string {
  const digest = createHash("sha256").update(stateDirectory).digest("hex").slice(0, 12);
  const runtime = environment["XDG_RUNTIME_DIR"];
  const places = [...(runtime === undefined || runtime === "" ? [] : [runtime]), "/tmp"];
  for (const place of places) {
    const path = join(place, `hostrun-${purpose}${digest}`);
    if (Buffer.byteLength(path) > maxBytes) continue;
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch {
      // It already exists, or its parent does not.
    }
    if (!isPrivate(path, uid)) continue;
    // Only the holder of the state directory's lock gets here.
    for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
    return path;
  }
  // Somebody else has taken the name.
  return mkdtempSync("/tmp/hostrun-");
}

/** Whether it is a directory of the user's own that nobody else may enter. */
function isPrivate(path: string, uid: number | undefined): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === uid && (found.mode & 0o077) === 0;
}
