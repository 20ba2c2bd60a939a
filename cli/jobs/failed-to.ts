import { type FileHandle, open, unlink } from "node:fs/promises";
import { errorCode } from "../../state-directory/error-code.ts";
import { UsageError } from "../command.ts";

/**
 * The file of `--failed-to`. It is opened before anything runs, so that an unwritable file is reported in time, and
 * keeps its content until the job has ended: the hosts of the job may have been read from it.
 */
export class FailedTo implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  #isNew: boolean;

  private constructor(path: string, file: FileHandle, isNew: boolean) {
    this.#path = path;
    this.#file = file;
    this.#isNew = isNew;
  }

  /** Returns undefined if the option was not given. */
  static async open(path: string | undefined): Promise<FailedTo | undefined> {
    if (path === undefined) return undefined;
    if (path === "-")
      throw new UsageError('--failed-to is "-", but must be a file. For a file of that name, use "./-".');
    try {
      const fresh = await open(path, "wx").catch((failure: unknown) => {
        if (errorCode(failure) === "EEXIST") return undefined;
        throw failure;
      });
      return new FailedTo(path, fresh ?? (await open(path, "r+")), fresh !== undefined);
    } catch (failure) {
      throw new UsageError(`--failed-to is "${path}", which cannot be written: ${errorCode(failure) ?? ""}.`);
    }
  }

  /** Returns why it could not be written; undefined on success. */
  async write(names: readonly string[]): Promise<string | undefined> {
    this.#isNew = false;
    try {
      // A pipe or a device cannot be truncated, and need not be.
      if ((await this.#file.stat()).isFile()) await this.#file.truncate(0);
      await this.#file.writeFile(names.map((name) => `${name}\n`).join(""));
      return undefined;
    } catch (failure) {
      return `The hosts that failed could not be written to ${this.#path}: ${errorCode(failure) ?? String(failure)}.`;
    }
  }

  /** Removes a new file if the job was not run. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    if (this.#isNew) await unlink(this.#path).catch(() => undefined);
  }
}
