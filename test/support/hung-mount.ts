import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openDirectory } from "./directory.ts";

/** A file system of a server that was there at the mount and never answers again. Needs root and FUSE. */
export interface HungMount extends AsyncDisposable {
  /** A process that looks at this path hangs until the mount is disposed of, or it is killed. */
  readonly path: string;
  /**
   * Takes what was asked so far over from the kernel, as a server does that hangs while it works on it: from then on
   * the process that asked hangs in the kernel, and not even SIGKILL ends it. False when nothing was asked.
   */
  take(): boolean;
}

const opcodeAt = 4;
const uniqueAt = 8;
const init = 26;

/**
 * Speaks just enough of the kernel's protocol (linux/fuse.h, version 7.31) to be mounted. `foreign`: it is another
 * user's, and nobody else may look into it, not even root.
 */
export async function openHungMount({ foreign = false } = {}): Promise<HungMount> {
  const directory = await openDirectory();
  const device = openSync("/dev/fuse", constants.O_RDWR | constants.O_NONBLOCK);
  const whose = foreign ? "user_id=65534,group_id=65534" : "user_id=0,group_id=0,allow_other";
  const options = `fd=3,rootmode=40000,${whose}`;
  execFileSync("mount", ["-i", "-t", "fuse", "-o", options, "hostrun-test", directory.path], {
    stdio: ["ignore", "ignore", "inherit", device],
  });
  const request = Buffer.alloc(128 * 1024);
  readSync(device, request);
  if (request.readUInt32LE(opcodeAt) !== init) throw new Error("The kernel's first request is FUSE_INIT");
  writeSync(device, initAnswer(request.readBigUInt64LE(uniqueAt)));
  return {
    path: join(directory.path, "file"),
    take: () => {
      try {
        return readSync(device, request) > 0;
      } catch (failure) {
        if (failure instanceof Error && "code" in failure && failure.code === "EAGAIN") return false;
        throw failure;
      }
    },
    async [Symbol.asyncDispose]() {
      execFileSync("umount", ["-l", directory.path]);
      closeSync(device);
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** `fuse_out_header` and `fuse_init_out`. */
function initAnswer(unique: bigint): Buffer {
  const answer = Buffer.alloc(16 + 64);
  answer.writeUInt32LE(answer.length, 0);
  answer.writeBigUInt64LE(unique, 8);
  answer.writeUInt32LE(7, 16);
  answer.writeUInt32LE(31, 20);
  // max_readahead, max_write and time_gran.
  answer.writeUInt32LE(65_536, 24);
  answer.writeUInt32LE(65_536, 36);
  answer.writeUInt32LE(1, 40);
  return answer;
}
