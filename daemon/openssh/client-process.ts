import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile, rm, stat, truncate } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import { visibleLine } from "../../protocol/visible.ts";
import { errorCode } from "../../state-directory/error-code.ts";
import type { KeyDescription } from "../ssh/host-keys/host-key.ts";

export interface ClientProcessOptions {
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The path of its log, as its arguments give it. */
  readonly log: string;
}

/** How much of a log is kept: a login's is shorter, and later output is not used. */
const maxLogBytes = 256 * 1024;
const maxShownLength = 4096;
const trimEveryMs = 60_000;
const killAfterMs = 2000;
/** How `ssh` logs that it rejects a host key after the login. */
const shownKey = "debug1: Server host key: ";
const refusedKey = "Host key verification failed.";

/** An `ssh` whose standard input and output are its connection to the server. */
export class ClientProcess {
  readonly input: Writable;
  readonly output: Readable;
  /** Text that it shows to a person: the server's banner. */
  readonly shown: Readable;
  /** Resolves when the process is gone; to the reason if it could not be started. */
  readonly ended: Promise<string | undefined>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #log: string;
  readonly #trimming: NodeJS.Timeout;
  /** The beginning of `shown`. */
  #shown = "";
  /** The final content of the log, once the process is gone. */
  #left: Promise<readonly string[]> | undefined;

  constructor({ arguments: args, environment, log }: ClientProcessOptions) {
    this.#log = log;
    this.#child = spawn("ssh", args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: environment,
      windowsHide: true,
    });
    const { stdin, stdout, stderr } = this.#child;
    this.input = stdin;
    this.output = stdout;
    this.shown = stderr;
    for (const stream of [stdin, stdout, stderr]) stream.on("error", () => undefined);
    stderr.on("data", (chunk: Buffer) => {
      this.#shown = (this.#shown + chunk.toString("utf8")).slice(0, maxShownLength);
    });
    this.ended = new Promise((resolve) => {
      this.#child.on("error", (failure) => {
        if (this.#child.pid === undefined) resolve(errorCode(failure) ?? failure.message);
      });
      this.#child.once("exit", () => resolve(undefined));
    });
    this.#trimming = setInterval(() => void this.#trim(), trimEveryMs).unref();
    void this.ended.then(() => this.#clear());
  }

  /** Whether it has logged a matching line. */
  async logged(form: RegExp): Promise<boolean> {
    return (await this.#lines()).some((line) => form.test(line));
  }

  /** Its last messages except debug output, in visible lines; for people, never for decisions. */
  async lastLines(): Promise<string> {
    const isMessage = (line: string): boolean => line.trim() !== "" && !line.startsWith("debug");
    const logged = (await this.#lines()).filter(isMessage);
    // Until it knows where to log, it writes to standard error, e.g. about unknown options.
    const lines = logged.length > 0 ? logged : this.#shown.split(/\r?\n/).filter(isMessage);
    return lines
      .slice(-3)
      .map((line) => visibleLine(line))
      .join(" ");
  }

  /**
   * The host key because of which it closed an established connection; undefined if it closed for another reason.
   * Synchronous, since the log is short.
   */
  refusedKey(): KeyDescription | undefined {
    const lines = this.#readAtOnce().trimEnd().split(/\r?\n/);
    if (lines.at(-1) !== refusedKey) return undefined;
    const shown = lines.findLast((line) => line.startsWith(shownKey))?.slice(shownKey.length);
    const [keyType = "", fingerprint = ""] = shown?.split(" ") ?? [];
    return { keyType, fingerprint };
  }

  #readAtOnce(): string {
    try {
      return readFileSync(this.#log, "utf8").slice(-maxLogBytes);
    } catch {
      return "";
    }
  }

  /** Needs no graceful close, since its connection ends with it. */
  end(): void {
    if (this.#left !== undefined) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), killAfterMs);
    void this.ended.then(() => clearTimeout(timer));
  }

  #lines(): Promise<readonly string[]> {
    return this.#left ?? this.#read();
  }

  async #read(): Promise<readonly string[]> {
    try {
      return (await readFile(this.#log, "utf8")).slice(0, maxLogBytes).split(/\r?\n/);
    } catch {
      return [];
    }
  }

  /** Runs when the process is gone: reads the log a last time, and removes it. */
  async #clear(): Promise<void> {
    clearInterval(this.#trimming);
    this.#left = this.#read();
    await this.#left;
    await rm(this.#log, { force: true });
  }

  async #trim(): Promise<void> {
    try {
      if ((await stat(this.#log)).size > maxLogBytes) await truncate(this.#log);
    } catch {
      // The log is gone.
    }
  }
}
