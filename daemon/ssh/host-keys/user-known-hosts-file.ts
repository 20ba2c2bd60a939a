import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { takeLines } from "../../core/sliced-lines.ts";
import { TimeSlice } from "../../core/time-slice.ts";
import type { UserFiles } from "../../core/user-files.ts";
import {
  hostsMatch,
  isEntry,
  type KnownHostLine,
  type MalformedLine,
  parseKnownHost,
} from "./known-hosts-file.ts";

export interface UserKnownHostsParts {
  readonly files: UserFiles;
  readonly clock: Clock;
  readonly log: Log;
}

/** A file's lines for a host. */
export interface FoundLines {
  readonly lines: readonly KnownHostLine[];
  /** Malformed lines that may have been meant for the host, at most `maxMalformed`. */
  readonly malformed: readonly MalformedLine[];
  /** Why the file could not be read this time, as a clause; `lines` are then from an earlier read, if any. */
  readonly unreadable: string | undefined;
}

/** Large networks have some ten thousand hosts. */
const maxBytes = 16 * 1024 * 1024;

const maxMalformed = 5;

/** A known_hosts file of the user's or the system's, read again after it changed. */
export class UserKnownHostsFile {
  readonly path: string;
  readonly #parts: UserKnownHostsParts;
  #version: string | undefined;
  #lines: readonly KnownHostLine[] = [];
  #malformed: readonly MalformedLine[] = [];
  #unreadable: string | undefined;
  #refreshed: Promise<void> = Promise.resolve();

  constructor(path: string, parts: UserKnownHostsParts) {
    this.path = path;
    this.#parts = parts;
  }

  /** The lines that match one of `names`, which `knownHostName` returned. Never rejects. */
  async find(names: readonly string[]): Promise<FoundLines> {
    const { unreadable, ...all } = await this.read();
    const means = (hosts: string | undefined): boolean =>
      hosts === undefined || names.some((name) => hostsMatch(hosts, name));
    const lines: KnownHostLine[] = [];
    const slice = new TimeSlice(this.#parts.clock);
    for (const line of all.lines) {
      if (means(line.hosts)) lines.push(line);
      if (slice.spent) await slice.next();
    }
    const malformed = all.malformed.filter(({ hosts }) => means(hosts)).slice(0, maxMalformed);
    return { lines, malformed, unreadable };
  }

  /** All of its lines. Never rejects. */
  async read(): Promise<FoundLines> {
    this.#refreshed = this.#refreshed.then(() => this.#refresh());
    await this.#refreshed;
    return { lines: this.#lines, malformed: this.#malformed, unreadable: this.#unreadable };
  }

  async #refresh(): Promise<void> {
    const { files, log } = this.#parts;
    const read = await files.reread(this.path, maxBytes, this.#version);
    if (read.kind === "unchanged") {
      this.#version = read.version;
    } else if (read.kind === "content") {
      await this.#parse(read.bytes.toString("utf8"));
      this.#version = read.version;
    } else if (read.kind === "missing") {
      this.#lines = [];
      this.#malformed = [];
      this.#version = undefined;
    }
    const why = read.kind === "unreadable" ? read.why : undefined;
    if (why !== undefined && why !== this.#unreadable) {
      log.warn("A known_hosts file cannot be read", { path: this.path, why });
    }
    this.#unreadable = why;
  }

  async #parse(text: string): Promise<void> {
    const { lines, malformed } = await parseKnownHosts(text, this.path, this.#parts.clock);
    this.#lines = lines;
    this.#malformed = malformed;
    const [first] = malformed;
    if (first === undefined) return;
    const { line, why } = first;
    const fields = { path: this.path, line, why, lines: malformed.length };
    this.#parts.log.warn("Lines of a known_hosts file were ignored", fields);
  }
}

/** The entries and the malformed lines of a known_hosts text. */
export async function parseKnownHosts(
  text: string,
  file: string,
  clock: Pick<Clock, "elapsed">,
): Promise<{ readonly lines: readonly KnownHostLine[]; readonly malformed: readonly MalformedLine[] }> {
  const lines: KnownHostLine[] = [];
  const malformed: MalformedLine[] = [];
  await takeLines(text, clock, (each, line) => {
    const parsed = parseKnownHost(each, { file, line });
    if (parsed === undefined) return;
    if (isEntry(parsed)) lines.push(parsed);
    else malformed.push(parsed);
  });
  return { lines, malformed };
}
