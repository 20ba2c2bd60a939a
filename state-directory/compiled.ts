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

/** What the bundle exports. */
interface Bundle {
  /** Whether it has done what it is for, so that what this takes has been compiled. */
  readonly hasFinished?: () => boolean;
  /** Resolves then, of one that goes on for long: V8 gives up what it has not called for a while. */
  readonly whenFinished?: Promise<void>;
}

/** Where what was compiled for one command, or for the daemon, is kept. */
export interface CompiledPlace {
  /** A directory that nobody else can write to, or that is not there yet. */
  readonly directory: string;
  readonly name: string;
}

/**
 * It is code that runs the next time: so it lies where nobody else can have put anything, or nowhere. `stateDirectory` gives the
 * path of one that need not be there, and may throw.
 */
export function compiledPlace(stateDirectory: () => string, name: string): CompiledPlace | undefined {
  try {
    const path = stateDirectory();
    if (!checkStateDirectory(path)) return undefined;
    const directory = join(path, placeNames.compileCache);
    checkOwn(directory, "directory");
    return { directory, name };
  } catch {
    // Without it everything works, too; what is wrong with the directory is told by what needs it.
    return undefined;
  }
}

/** As Node gives it to the modules of one directory. */
type Require = (id: string) => unknown;

/**
 * Runs a bundle, which is one function such as Node makes of a CommonJS module, with what V8 compiled of it when it ran
 * before; without that it is kept for the next time. Unlike `enableCompileCache` of Node, which keeps what
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
 * It is there twice, and damaged where the two differ: V8 takes what a disk has lost a bit of, and ends the process or runs something
 * else. A checksum would need a module of Node's, which takes longer to load than all of this.
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

/** It has its name only once it is on the disk. */
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

/** What builds have left that are gone. Of one that is not, it is made again. */
function dropOld(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (Date.now() - statSync(path).mtimeMs > maxAgeMs) rmSync(path, { recursive: true, force: true });
  }
}
