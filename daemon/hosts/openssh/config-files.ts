import { Problem } from "../../../protocol/problem.ts";
import { visibleLine } from "../../../protocol/visible.ts";
import type { Clock } from "../../core/clock.ts";
import { SharedQuery } from "../../core/shared-query.ts";
import { takeLines } from "../../core/sliced-lines.ts";
import type { UserFiles } from "../../core/user-files.ts";
import { includedPaths } from "./config-include.ts";
import { type ConfigLine, type ConfigTree, parseConfigLine } from "./config-line.ts";
import { readNames, type SshConfig } from "./config-names.ts";
import { ConfigReads, type VisitedPaths } from "./config-reads.ts";

export interface ConfigFilesParts {
  readonly files: UserFiles;
  readonly clock: Pick<Clock, "elapsed">;
  readonly home: string;
}

/** The files of a configuration at one point in time. */
export interface ReadConfig {
  readonly config: SshConfig;
  /** Those of the files that exist, in the order given. */
  readonly trees: readonly ConfigTree[];
}

/** A file at one point in time. */
interface ParsedFile {
  /** Different for each reading. */
  readonly id: number;
  readonly path: string;
  readonly version: string;
  readonly text: string;
  readonly bytes: number;
  readonly lines: readonly ConfigLine[];
}

/** The state of one load. */
interface Walk {
  readonly reads: ConfigReads;
  /** Every file read, in order. */
  readonly files: ParsedFile[];
}

/** As in readconf.c. */
const maxDepth = 16;
const maxFiles = 2000;
const maxBytes = 64 * 1024 * 1024;

/** An SSH configuration with everything it includes. Unchanged files are neither read nor parsed again. */
export class ConfigFiles {
  readonly #paths: readonly string[];
  readonly #parts: ConfigFilesParts;
  readonly #loading = new SharedQuery(() => this.#load());
  #parsed = new Map<string, ParsedFile>();
  #visited: VisitedPaths = { files: [], directories: [] };
  #current: { readonly ids: string; readonly read: ReadConfig } | undefined;
  #parsedFiles = 0;

  constructor(paths: readonly string[], parts: ConfigFilesParts) {
    this.#paths = paths;
    this.#parts = parts;
  }

  /**
   * The current content of the files: the same object as long as none changes. Throws `invalid_request`, with the
   * file's name, if one cannot be read.
   */
  load(): Promise<ReadConfig> {
    return this.#loading.ask();
  }

  async #load(): Promise<ReadConfig> {
    const { files } = this.#parts;
    const versionOf = (path: string): string | undefined => this.#parsed.get(path)?.version;
    const walk: Walk = { reads: new ConfigReads({ files, versionOf }, this.#visited), files: [] };
    const trees: ConfigTree[] = [];
    for (const path of this.#paths) {
      const root = await this.#read(path, walk.reads);
      if (root !== undefined) trees.push(await this.#walk(root, [], walk));
    }
    this.#visited = walk.reads.visited;
    this.#parsed = new Map(walk.files.map((file) => [file.path, file]));
    const ids = walk.files.map(({ id }) => id).join();
    if (this.#current?.ids !== ids) {
      this.#current = { ids, read: { config: await readNames(trees, this.#parts.clock), trees } };
    }
    return this.#current.read;
  }

  /** `within`: the files that include this one, outermost first. */
  async #walk(file: ParsedFile, within: readonly ParsedFile[], walk: Walk): Promise<ConfigTree> {
    const { reads, files } = walk;
    files.push(file);
    if (files.length > maxFiles) throw this.#refused(`it includes more than ${maxFiles} files`);
    if (files.reduce((sum, { bytes }) => sum + bytes, 0) > maxBytes) {
      throw this.#refused(`with what it includes it is larger than ${maxBytes / 1_048_576} MiB`);
    }
    const including = [...within, file];
    const included = new Map<ConfigLine, readonly ConfigTree[]>();
    for (const line of file.lines) {
      if (line.keyword !== "include" || including.length > maxDepth) continue;
      const { home } = this.#parts;
      const paths = await includedPaths(line.words ?? [], { file: file.path, home, files: reads });
      const others = paths.filter((path) => including.every((each) => each.path !== path));
      const read = await Promise.all(others.map((path) => this.#read(path, reads)));
      const trees: ConfigTree[] = [];
      for (const each of read) if (each !== undefined) trees.push(await this.#walk(each, including, walk));
      included.set(line, trees);
    }
    return { path: file.path, text: file.text, lines: file.lines, included };
  }

  /** Undefined if the file does not exist, or for a directory, which OpenSSH reads as an empty file. */
  async #read(path: string, reads: ConfigReads): Promise<ParsedFile | undefined> {
    const { files } = this.#parts;
    const before = this.#parsed.get(path);
    const read = await reads.read(path);
    if (read.kind === "unchanged") return before && { ...before, version: read.version };
    if (read.kind === "missing") return undefined;
    if (read.kind === "content") return this.#parse(path, read);
    if (!this.#paths.includes(path) && (await files.kind(path)) === "directory") return undefined;
    throw unreadable(path, read.why);
  }

  async #parse(path: string, { bytes, version }: { bytes: Buffer; version: string }): Promise<ParsedFile> {
    const text = bytes.toString("utf8");
    const lines: ConfigLine[] = [];
    await takeLines(text, this.#parts.clock, (each, line) => {
      const parsed = parseConfigLine(each, { file: path, line });
      if (parsed !== undefined) lines.push(parsed);
    });
    return { id: (this.#parsedFiles += 1), path, version, text, bytes: bytes.length, lines };
  }

  #refused(why: string): Problem {
    return unreadable(this.#paths[0] ?? "", why);
  }
}

function unreadable(path: string, why: string): Problem {
  const detail = `The SSH configuration ${visibleLine(path)} cannot be used: ${why}. Fix it, or move the file out of the way.`;
  return new Problem("invalid_request", detail, { reason: "ssh_config" });
}
