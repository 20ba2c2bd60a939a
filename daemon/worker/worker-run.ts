import { Writable } from "node:stream";
import { Problem } from "../../protocol/problem.ts";
import type { RemoteAnswer, RemoteEnd, RemoteListener, RemoteProcess } from "../transport/remote.ts";
import type { WorkerInput } from "./worker-input.ts";
import type { WorkerMessage } from "./worker-reader.ts";

/** What a run needs from its worker. */
export interface RunCarrier {
  /** The worker's session. */
  readonly process: RemoteProcess;
  /** Has the worker run a short command of Hostrun's own; see `Worker.execHelper`. */
  readonly execHelper: (command: string, deadlineMs: number) => Promise<RemoteAnswer | undefined>;
  /** Sends a signal to the run's process group. */
  readonly signal: (name: string) => void;
  /** Closes the run's pipes on the host, as closing a session does. */
  readonly forget: () => void;
  /** Stops or resumes reading its pipes on the host; meanwhile its command waits. */
  readonly hold: (held: boolean) => void;
}

/** The worker's response to a command. */
type Begin = { readonly kind: "begun"; readonly pid: number } | { readonly kind: "refused" | "unknown" };

export interface RunParts {
  readonly listener: RemoteListener;
  /** undefined: its standard input is empty. */
  readonly input: WorkerInput | undefined;
  /** Called before the listener's `end`. */
  onOver(): void;
}

/** One command run by a worker. */
export class WorkerRun {
  readonly number: number;
  /** refused: it never started, and may be run another way. unknown: it was sent, and there was no response. */
  readonly begin: Promise<Begin>;
  readonly #parts: RunParts;
  readonly #began = Promise.withResolvers<Begin>();
  #pid: number | undefined;
  #end: RemoteEnd | undefined;
  #over = false;

  constructor(number: number, parts: RunParts) {
    this.number = number;
    this.#parts = parts;
    this.begin = this.#began.promise;
  }

  /** Whether the worker has reported that its process started. */
  get hasBegun(): boolean {
    return this.#pid !== undefined;
  }

  /** Whether so much input is under way that it delays other commands of its worker. */
  get hasBulkInput(): boolean {
    return this.#parts.input?.isBulk === true;
  }

  take(message: WorkerMessage): void {
    switch (message.kind) {
      case "begun":
        this.#pid = message.pid;
        this.#began.resolve({ kind: "begun", pid: message.pid });
        break;
      case "refused":
        this.#over = true;
        this.#began.resolve({ kind: "refused" });
        break;
      case "stdout":
      case "stderr":
        if (!this.#over) this.#parts.listener[message.kind](message.bytes);
        break;
      case "written":
        this.#parts.input?.written(message.count);
        break;
      case "exited":
        this.#end = endOf(message.code, message.signal);
        // What it left running may hold its output open; sshd takes no more input from here on either.
        this.#parts.input?.destroy();
        break;
      case "ended":
        this.finish(this.#end ?? { kind: "lost", problem: forgotten() });
        break;
    }
  }

  /** Whether a command without a response was started is not known. */
  finish(end: RemoteEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts.input?.destroy();
    this.#began.resolve({ kind: "unknown" });
    this.#parts.onOver();
    this.#parts.listener.end(end);
  }

  /** The run as a RemoteProcess for the caller of `exec`. */
  processOf({ process, execHelper, signal, forget, hold }: RunCarrier, channelMs: number): RemoteProcess {
    const pid = (): number | undefined => this.#pid;
    return {
      connection: process.connection,
      identity: process.identity,
      worker: {
        get pid() {
          return pid();
        },
      },
      reused: true,
      get isOpen() {
        return process.isOpen;
      },
      // That is up to its worker.
      rest: () => undefined,
      connectMs: 0,
      channelMs,
      stdin: this.#parts.input ?? noInput,
      signal,
      async execHelper(command, deadlineMs, input) {
        // The server may allow no session besides the worker's; and this one needs no login shell.
        const answer = input === undefined ? await execHelper(command, deadlineMs) : undefined;
        return answer ?? process.execHelper(command, deadlineMs, input);
      },
      hold,
      extraBytes: () => process.extraBytes(),
      runBegan: () => process.runBegan(),
      forgetShell: () => undefined,
      // It has no terminal.
      resize: () => undefined,
      close: () => {
        if (!this.#over) forget();
      },
    };
  }
}

/** The standard input of all commands that have none: ending one stream repeatedly would create an error each time. */
class NoInput extends Writable {
  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }

  override end(): this {
    return this;
  }
}

const noInput = new NoInput();

function endOf(code: number, signal: number): RemoteEnd {
  if (signal === 0) return { kind: "exited", code };
  return { kind: "signaled", signal: signalNames.get(signal) ?? "SIG@openssh.com" };
}

/** Linux's signal numbers, for the names that sshd sends (RFC 4254, section 6.10). */
const signalNames: ReadonlyMap<number, string> = new Map([
  [1, "HUP"],
  [2, "INT"],
  [3, "QUIT"],
  [4, "ILL"],
  [6, "ABRT"],
  [8, "FPE"],
  [9, "KILL"],
  [10, "USR1"],
  [11, "SEGV"],
  [12, "USR2"],
  [13, "PIPE"],
  [14, "ALRM"],
  [15, "TERM"],
]);

function forgotten(): Problem {
  return new Problem("connection_lost", "Hostrun closed the command before its end was known.");
}
