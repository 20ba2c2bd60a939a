import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { placeNames } from "../protocol/places.ts";
import { checkOwn, openOwnFile, readOwnBytes } from "./own-file.ts";
import { checkStateDirectory } from "./trusted-directory.ts";

/** The exports of a bundle. */
interface Bundle {
  /** Whether it has done its work, so that the functions needed for that have been compiled. */
  readonly hasFinished?: () => boolean;
  /**
   * Resolves at that point, for a bundle that runs for long: V8 discards the code of functions that have not been
   * called for a while.
   */
  readonly whenFinished?: Promise<void>;
}

/** Where the compiled code of one command, or of the daemon, is stored. */
export interface CompiledPlace {
  /** A directory that nobody else can write to, or that does not exist yet. */
  readonly directory: string;
  readonly name: string;
}

/**
 * Compiled code runs the next time, so it is stored where nobody else can write, or not at all. `stateDirectory`
 * returns a path, which need not exist, and may throw.
 */
export function compiledPlace(stateDirectory: () => string, name: string): CompiledPlace | undefined {
  try {
    const path = stateDirectory();
    if (!checkStateDirectory(path)) return undefined;
    const directory = join(path, placeNames.compileCache);
    checkOwn(directory, "directory");
    return { directory, name };
  } catch {
    // The cache is optional; problems of the directory are reported by what requires it.
    return undefined;
  }
}

/** The `require` that Node passes to modules of one directory. */
type Require = (id: string) => unknown;

/**
 * Runs a bundle, which is a function like those that Node makes of CommonJS modules, with the code that V8 compiled in
 * an earlier run; without that, the compiled code is saved for the next time. Unlike Node's `enableCompileCache`, which
 * saves what is compiled before the first function is called, this includes the functions that were called.
 *
 * V8 rejects code compiled by another version of V8, but not code for another source of the same length: so the file
 * name contains the build, which is in the bundle's first line, and the time when the bundle was written, which changes
 * when it is edited. `require` is that of a module next to it: creating a new one makes Node load two more modules.
 */
export function runCompiled(path: string, require: Require, place: CompiledPlace | undefined): void {
  // It is ASCII, as esbuild writes it.
  const source = readFileSync(path, "latin1");
  const build = /^\/\/ (\w+)\n/.exec(source)?.[1];
  const file = build && place && join(place.directory, `${place.name}-${build}-${writtenAt(path)}`);
  const cachedData = file === undefined ? undefined : readKept(file);
  const script = new Script(source, { filename: path, ...(cachedData && { cachedData }) });
  const module: { readonly exports: Bundle } = { exports: {} };
  const parameters = [module.exports, require, module, path, dirname(path)];
  const run: unknown = script.runInThisContext();
  if (typeof run === "function") Reflect.apply(run, undefined, parameters);
  if (file !== undefined && (cachedData === undefined || script.cachedDataRejected === true))
    keepAtEnd(file, script, module);
}

function keepAtEnd(file: string, script: Script, { exports }: { readonly exports: Bundle }): void {
  let compiled: Buffer | undefined;
  const compile = (): Buffer => (compiled ??= script.createCachedData());
  void exports.whenFinished?.then(compile);
  process.once("exit", () => {
    if (exports.hasFinished?.() === true) compile();
    if (compiled !== undefined) keep(file, compiled);
  });
}

function writtenAt(path: string): string {
  return Math.trunc(statSync(path).mtimeMs).toString(36);
}

/**
 * The data is stored twice, and damaged if the copies differ: V8 accepts data with a flipped bit, and then crashes or
 * runs something else. A checksum would need one of Node's modules, which takes longer to load than all of this.
 */
function readKept(file: string): Buffer | undefined {
  try {
    const both = readOwnBytes(file) ?? Buffer.alloc(0);
    const [one, other] = [both.subarray(0, both.length / 2), both.subarray(both.length / 2)];
    return one.length > 0 && one.equals(other) ? one : undefined;
  } catch {
    return undefined;
  }
}

/** The file gets its name only once it is on disk. */
function keep(file: string, compiled: Buffer): void {
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { mode: 0o700, recursive: true });
    const descriptor = openOwnFile(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
    try {
      writeSync(descriptor, Buffer.concat([compiled, compiled]));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, file);
    dropOld(dirname(file));
  } catch {
    rmSync(draft, { force: true });
  }
}

const maxAgeMs = 30 * 24 * 3600 * 1000;

/** Removes what former builds have left. If the build still exists, the file is created again. */
function dropOld(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (Date.now() - statSync(path).mtimeMs > maxAgeMs) rmSync(path, { recursive: true, force: true });
  }
}
