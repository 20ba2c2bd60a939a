import type { DirectoryContent, FileChange } from "../../core/regular-file.ts";
import type { UserFiles } from "../../core/user-files.ts";

/** The paths that a load of a configuration looked at. */
export interface VisitedPaths {
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

interface ConfigReadsParts {
  readonly files: Pick<UserFiles, "reread" | "list">;
  /** The version of the known content of a file. */
  readonly versionOf: (path: string) => string | undefined;
}

const maxFileBytes = 4 * 1024 * 1024;
const maxNames = 10_000;

/**
 * The files of one load, each read once. Everything that the previous load looked at is requested at the beginning, in
 * one message to the reading process: requested one after another, as includes are found, each would cost a turn.
 */
export class ConfigReads {
  readonly #parts: ConfigReadsParts;
  readonly #files = new Map<string, Promise<FileChange>>();
  readonly #directories = new Map<string, Promise<DirectoryContent>>();
  readonly #used = { files: new Set<string>(), directories: new Set<string>() };

  constructor(parts: ConfigReadsParts, before: VisitedPaths) {
    this.#parts = parts;
    for (const path of before.files) void this.#read(path);
    for (const path of before.directories) void this.#list(path);
  }

  get visited(): VisitedPaths {
    return { files: [...this.#used.files], directories: [...this.#used.directories] };
  }

  read(path: string): Promise<FileChange> {
    this.#used.files.add(path);
    return this.#read(path);
  }

  list(path: string): Promise<DirectoryContent> {
    this.#used.directories.add(path);
    return this.#list(path);
  }

  #read(path: string): Promise<FileChange> {
    const { files, versionOf } = this.#parts;
    const read = this.#files.get(path) ?? files.reread(path, maxFileBytes, versionOf(path));
    this.#files.set(path, read);
    return read;
  }

  #list(path: string): Promise<DirectoryContent> {
    const listed = this.#directories.get(path) ?? this.#parts.files.list(path, maxNames);
    this.#directories.set(path, listed);
    return listed;
  }
}
