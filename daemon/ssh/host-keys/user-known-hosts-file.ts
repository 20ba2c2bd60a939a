import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { TimeSlice } from "../../core/time-slice.ts";
import type { UserFiles } from "../../core/user-files.ts";
import { hostsMatch, type KnownHostLine, parseKnownHost } from "./known-hosts-file.ts";

export interface UserKnownHostsParts {
  readonly files: UserFiles;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a file says of a host. */
export interface FoundLines {
  readonly lines: readonly KnownHostLine[];
  /** Why the file could not be read this time, a clause: then the lines are those of an earlier time, if any. */
  readonly unreadable: string | undefined;
}

/** Large networks have some ten thousand hosts. */
const maxBytes = 16 * 1024 * 1024;

/** A known_hosts file of the person's or of the machine's, read again when it has changed. */
export class UserKnownHostsFile {
  readonly path: string;
  readonly #parts: UserKnownHostsParts;
  #version: string | undefined;
  #lines: readonly KnownHostLine[] = [];
  #unreadable: string | undefined;
  #refreshed: Promise<void> = Promise.resolve();

  constructor(path: string, parts: UserKnownHostsParts) {
    this.path = path;
    this.#parts = parts;
  }

  /** The lines that mean `name`, which `knownHostName` made. Never rejects. */
  async find(name: string): Promise<FoundLines> {
    this.#refreshed = this.#refreshed.then(() => this.#refresh());
    await this.#refreshed;
    const found = { lines: this.#lines, unreadable: this.#unreadable };
    const lines: KnownHostLine[] = [];
    const slice = new TimeSlice(this.#parts.clock);
    for (const line of found.lines) {
      if (hostsMatch(line.hosts, name)) lines.push(line);
      if (slice.spent) await slice.next();
    }
    return { ...found, lines };
  }

  async #refresh(): Promise<void> {
    const read = await this.#parts.files.reread(this.path, maxBytes, this.#version);
    if (read.kind === "unchanged") {
      this.#version = read.version;
    } else if (read.kind === "content") {
      this.#lines = await this.#parse(read.bytes.toString("utf8"));
      this.#version = read.version;
    } else if (read.kind === "missing") {
      this.#lines = [];
      this.#version = undefined;
    }
    const why = read.kind === "unreadable" ? read.why : undefined;
    if (why !== undefined && why !== this.#unreadable) {
      this.#parts.log.warn("A known_hosts file cannot be read", { path: this.path, why });
    }
    this.#unreadable = why;
  }

  async #parse(text: string): Promise<KnownHostLine[]> {
    const lines: KnownHostLine[] = [];
    const slice = new TimeSlice(this.#parts.clock);
    let at = 0;
    for (let line = 1; at < text.length; line += 1) {
      const newline = text.indexOf("\n", at);
      const end = newline === -1 ? text.length : newline;
      const parsed = parseKnownHost(text.slice(at, end), { file: this.path, line });
      if (parsed !== undefined) lines.push(parsed);
      at = end + 1;
      if (slice.spent) await slice.next();
    }
    return lines;
  }
}
