import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { open, stat } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { placesIn } from "../../client/places.ts";
import { errorCode } from "../../client/transport.ts";
import type { Command } from "../command.ts";
import { parseOptions, parseWhole, takeWords } from "../command.ts";
import { print, warn } from "../console.ts";
import { readable } from "../control/log-lines.ts";

const defaultLines = 50;
const chunkBytes = 65_536;
const pollMs = 200;

export const command: Command = {
  help: `Show the daemon's log.

Usage: hostrun logs [-f] [-n N] [--json]

  -f, --follow   go on with what is written from now on
  -n, --lines N  begin with the last N lines (${defaultLines})
  --json         the lines as they are recorded, a JSON object each
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      follow: { type: "boolean", short: "f" },
      lines: { type: "string", short: "n" },
      json: { type: "boolean" },
    });
    takeWords(positionals);
    const count = values.lines === undefined ? defaultLines : parseWhole(values.lines, "--lines");
    const path = placesIn().log;
    const show = (line: string): void => print(`${values.json === true ? line : readable(line)}\n`);
    let file = await openLog(path);
    if (file === undefined && values.follow !== true) {
      warn(`There is no log yet: ${path} does not exist.`);
      return 0;
    }
    let place = file === undefined ? 0 : await showEnd(file, count, show);
    while (values.follow === true) {
      await wait(pollMs);
      file ??= await openLog(path);
      if (file === undefined) continue;
      place = await showFrom(file, place, show);
      if (await wasRotated(file, path)) {
        await file.close();
        [file, place] = [undefined, 0];
      }
    }
    await file?.close();
    return 0;
  },
};

async function openLog(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** The daemon renames a log that is full and begins another. */
async function wasRotated(file: FileHandle, path: string): Promise<boolean> {
  try {
    return (await stat(path)).ino !== (await file.stat()).ino;
  } catch {
    return true;
  }
}

type Show = (line: string) => void;

/** Shows the last lines; gives back where the file ended. */
async function showEnd(file: FileHandle, count: number, show: Show): Promise<number> {
  const { size } = await file.stat();
  let start = size;
  let text = "";
  while (start > 0 && text.split("\n").length <= count + 1) {
    const length = Math.min(chunkBytes, start);
    start -= length;
    text = (await readAt(file, start, length)).toString("latin1") + text;
  }
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const lines = Buffer.from(whole, "latin1").toString("utf8").split("\n").slice(0, -1);
  if (count > 0) lines.slice(-count).forEach(show);
  return size - (text.length - whole.length);
}

/** Shows the whole lines from `place` on; gives back where the next one begins. */
async function showFrom(file: FileHandle, place: number, show: Show): Promise<number> {
  let at = place;
  for (;;) {
    const bytes = await readAt(file, at, chunkBytes);
    const end = bytes.lastIndexOf(0x0a);
    if (end === -1) return at;
    bytes.toString("utf8", 0, end).split("\n").forEach(show);
    if (process.stdout.writableNeedDrain) await once(process.stdout, "drain");
    at += end + 1;
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
