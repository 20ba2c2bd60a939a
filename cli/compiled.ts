import {
  closeSync,
  constants,
  fsyncSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { openOwnFile, readOwnBytes } from "../state-directory/own-file.ts";

/** What the bundle exports. */
interface Bundle {
  /** Whether a command has come to its end, so that what it takes has been compiled. */
  readonly hasFinished?: () => boolean;
}

/** Where what was compiled for one command is kept. */
export interface CompiledPlace {
  /** A directory that nobody else can write to. */
  readonly directory: string;
  readonly command: string;
}

/** As Node gives it to the modules of one directory. */
type Require = (id: string) => unknown;

/**
 * Runs a bundle, which is one function such as Node makes of a CommonJS module, with what V8 compiled of it for a run of
 * the same command before; without that it is kept for the next one. Unlike `enableCompileCache` of Node, which keeps what
 * is compiled before the first function is called, this has the functions that were called.
 *
 * V8 rejects what another version of it has compiled, but not what belongs to other code of the same length: so the
 * build, which the bundle's first line names, is part of the file's name, and when the bundle was written, which tells one
 * that was edited. `require` is that of a module beside it: to make one anew, Node loads two more modules of its own.
 */
export function runCompiled(path: string, require: Require, place: CompiledPlace | undefined): void {
  // It is ASCII, as esbuild writes it.
  const source = readFileSync(path, "latin1");
  const build = /^\/\/ (\w+)\n/.exec(source)?.[1];
  const file = build && place && join(place.directory, `${place.command}-${build}-${writtenAt(path)}`);
  const cachedData = file === undefined ? undefined : readKept(file);
  const script = new Script(source, { filename: path, ...(cachedData && { cachedData }) });
  const bundle: { readonly exports: Bundle } = { exports: {} };
  if (place && file !== undefined && (cachedData === undefined || script.cachedDataRejected === true)) {
    process.once("exit", () => {
      if (bundle.exports.hasFinished?.() === true) keep(place.directory, file, script.createCachedData());
    });
  }
  const parameters = [bundle.exports, require, bundle, path, dirname(path)];
  const run: unknown = script.runInThisContext();
  if (typeof run === "function") Reflect.apply(run, undefined, parameters);
}

function writtenAt(path: string): string {
  return Math.trunc(statSync(path).mtimeMs).toString(36);
}

function readKept(file: string): Buffer | undefined {
  try {
    return readOwnBytes(file);
  } catch {
    return undefined;
  }
}

/** V8 would take a file for whole whose middle never came to the disk: so it has its name only once it is there. */
function keep(directory: string, file: string, compiled: Buffer): void {
  const draft = `${file}.${process.pid}`;
  try {
    const descriptor = openOwnFile(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
    try {
      writeSync(descriptor, compiled);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, file);
    dropOld(directory);
  } catch {
    rmSync(draft, { force: true });
  }
}

const maxAgeMs = 30 * 24 * 3600 * 1000;

/** What builds have left that are gone. Of one that is not, it is made again. */
function dropOld(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (Date.now() - statSync(path).mtimeMs > maxAgeMs) rmSync(path, { recursive: true, force: true });
  }
}
