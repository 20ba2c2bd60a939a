import { lstat, readlink, statfs } from "node:fs/promises";
import { platform } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { errorCode } from "../../state-directory/error-code.ts";

/** One step of the way to a path, starting at the root: a directory, a link, or what is at the end. */
export interface Step {
  readonly path: string;
  readonly device: number;
  /** The target of a link; undefined for anything else. */
  readonly target: string | undefined;
}

export interface Way {
  readonly steps: readonly Step[];
  /** The first place on it where nothing exists, if there is one. */
  readonly missing: string | undefined;
}

/** Magic numbers of Linux's statfs(2): ext4, XFS, Btrfs, F2FS, ZFS, bcachefs, tmpfs, ramfs and overlayfs. */
const ownFileSystems = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x01021994, 0x858458f6, 0x794c7630,
]);
/** Linux's limit. */
const maxLinks = 40;

/**
 * The way to `path`, if all of it is on file systems on this machine's own disks or in its memory: there, the system
 * reports immediately what exists, or that nothing does. undefined if that is not so, or not known. Never rejects.
 */
export async function wayOnOwnDisk(path: string): Promise<Way | undefined> {
  if (platform() !== "linux" || !isAbsolute(path)) return undefined;
  try {
    return await walk(path);
  } catch {
    return undefined;
  }
}

async function walk(path: string): Promise<Way | undefined> {
  const steps: Step[] = [];
  const devices = new Map<number, boolean>();
  const isOwn = async (at: string, device: number): Promise<boolean> => {
    const own = devices.get(device) ?? ownFileSystems.has((await statfs(at)).type);
    devices.set(device, own);
    return own;
  };
  const rest = path.split("/");
  let at = "/";
  for (let links = 0; ; ) {
    const found = await lstat(at).catch(missingOrThrow);
    if (found === undefined) return { steps, missing: at };
    const target = found.isSymbolicLink() ? await readlink(at) : undefined;
    // A link is on the device of its directory, which was checked before.
    if (target === undefined && !(await isOwn(at, found.dev))) return undefined;
    steps.push({ path: at, device: found.dev, target });
    if (target !== undefined) {
      if ((links += 1) > maxLinks) return undefined;
      rest.unshift(...target.split("/"));
      at = isAbsolute(target) ? "/" : dirname(at);
    }
    let name = rest.shift();
    while (name === "" || name === ".") name = rest.shift();
    if (name === undefined) return { steps, missing: undefined };
    at = join(at, name);
  }
}

function missingOrThrow(failure: unknown): undefined {
  const code = errorCode(failure);
  if (code !== "ENOENT" && code !== "ENOTDIR") throw failure;
}
