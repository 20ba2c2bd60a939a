import { type BigIntStats, lstatSync, readlinkSync } from "node:fs";
import type { FileQuestion } from "./file-request.ts";
import type { Way } from "./own-disk.ts";
import { type DirectoryContent, kindOf, statVersion } from "./regular-file.ts";

interface KnownPath {
  /** The way to it, if that is on this machine's own disks. */
  readonly way: Way | undefined;
  /** When that was determined, by `performance.now()`. */
  readonly lookedAt: number;
  /** The names in it, for a directory that has a version. */
  readonly listed?: DirectoryContent | undefined;
}

const unknown: KnownPath = { way: undefined, lookedAt: -Infinity };
const maxPaths = 4096;
/** After this long the way is determined again, in parallel with the next question. */
const staleMs = 60_000;
/** How long it is used without that. */
const trustedMs = 3_600_000;

/**
 * Paths that are known to respond immediately (core/own-disk.ts). Whether a file has changed is checked here, step by
 * step along the known way: if another link or file system is found, or something where nothing was, the other process is
 * asked. Nothing is opened or read here.
 */
export class KnownPaths {
  /** In the order in which they were determined, the latest last. */
  readonly #paths = new Map<string, KnownPath>();
  /** What was checked in this turn: the ways of many paths start alike. */
  readonly #thisTurn = new Map<string, BigIntStats | undefined>();

  /** The answer, if what is at the path has not changed; undefined: the caller must ask the other process. */
  answerTo(question: FileQuestion): unknown {
    const { path } = question;
    const known = this.#paths.get(path);
    if (known?.way === undefined || performance.now() - known.lookedAt > trustedMs) return undefined;
    try {
      const found = this.#follow(known.way);
      if (found !== "changed") return answer(question, found, known.listed);
    } catch {
      // The other process will report whatever is wrong.
    }
    this.#paths.delete(path);
    return undefined;
  }

  /** Whether the way to it should be determined. */
  isStale(path: string): boolean {
    const { lookedAt } = this.#paths.get(path) ?? unknown;
    return performance.now() - lookedAt > staleMs;
  }

  found(path: string, way: Way | undefined): void {
    this.#set(path, { ...this.#paths.get(path), way, lookedAt: performance.now() });
  }

  listed(path: string, listed: DirectoryContent): void {
    this.#set(path, { ...(this.#paths.get(path) ?? unknown), listed });
  }

  /** What is at the end of the way; undefined: nothing. Each step is checked only if all before it are unchanged. */
  #follow({ steps, missing }: Way): BigIntStats | "changed" | undefined {
    let found: BigIntStats | undefined;
    for (const { path, device, target } of steps) {
      found = this.#look(path);
      if (found === undefined) return undefined;
      const isSame = Number(found.dev) === device && found.isSymbolicLink() === (target !== undefined);
      if (!isSame || (target !== undefined && readlinkSync(path) !== target)) return "changed";
    }
    if (missing === undefined) return found;
    return this.#look(missing) === undefined ? undefined : "changed";
  }

  #look(path: string): BigIntStats | undefined {
    if (this.#thisTurn.has(path)) return this.#thisTurn.get(path);
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (this.#thisTurn.size === 0) queueMicrotask(() => this.#thisTurn.clear());
    this.#thisTurn.set(path, found);
    return found;
  }

  #set(path: string, known: KnownPath): void {
    this.#paths.delete(path);
    this.#paths.set(path, known);
    const [oldest] = this.#paths.keys();
    if (oldest !== undefined && this.#paths.size > maxPaths) this.#paths.delete(oldest);
  }
}

function answer(
  question: FileQuestion,
  found: BigIntStats | undefined,
  listed: DirectoryContent | undefined,
): unknown {
  if (question.what === "kind") return found === undefined ? "missing" : kindOf(found);
  if (found === undefined) return { kind: "missing" };
  const version = statVersion(found);
  if (question.what === "read") {
    return found.isFile() && version === question.known ? { kind: "unchanged", version } : undefined;
  }
  if (question.what !== "list" || listed?.kind !== "names" || listed.version !== version) return undefined;
  return listed.names.length > question.maxNames ? undefined : listed;
}
