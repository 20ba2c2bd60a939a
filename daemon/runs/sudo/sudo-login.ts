import type { Writable } from "node:stream";
import { inTime } from "../../core/in-time.ts";
import type { Questioner } from "../../transport/questioner.ts";
import type { RemoteEnd, Target } from "../../transport/remote.ts";
import type { SudoListener } from "../command/pid-marker.ts";
import { asProblem } from "../run-execution.ts";
import type { Problem } from "../../../protocol/problem.ts";
import type { SudoAttempt, SudoGate, SudoVerdict } from "./sudo-gate.ts";
import type { SudoAccess } from "./sudo-gates.ts";
import { maxSudoPasswordBytes, passwordTooLong, sudoRefused, sudoSilent } from "./sudo-problems.ts";

export interface SudoLoginParts {
  readonly target: Target;
  readonly access: SudoAccess;
  readonly questioner: Questioner | undefined;
  /** How long sudo may take to ask or begin, and after each answer. */
  readonly timeoutMs: number;
  /** Called when sudo asks for a password. */
  readonly onPrompt: () => void;
}

type Step = { readonly kind: "asked"; readonly user: string } | { readonly kind: "began" };

export interface SudoProcess {
  readonly stdin: Writable;
  readonly ended: Promise<RemoteEnd>;
  readonly signal: AbortSignal;
}

/**
 * Answers sudo for one run until the command begins. Keeps the password until the run is over, to end the command as
 * root.
 */
export class SudoLogin implements SudoListener, Disposable {
  readonly #parts: SudoLoginParts;
  readonly #refused: string[] = [];
  #output = "";
  #answered = 0;
  #step = Promise.withResolvers<Step>();
  #attempt: SudoAttempt | undefined;
  #password: Buffer | undefined;
  #hasBegun = false;
  /** False while sudo waits for an answer, and once it has ended. */
  #mayBegin = true;

  constructor(parts: SudoLoginParts) {
    this.#parts = parts;
  }

  /** The last input given to sudo; undefined if there was none, as when it does not ask. */
  get input(): Buffer | undefined {
    return this.#password;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether the command may be running, or sudo, once started, may begin it without further input. */
  get mayHaveBegun(): boolean {
    return this.#mayBegin;
  }

  /** For sudo that was silent and then ended without confirmation from the host, or after it began the command. */
  get uncertain(): Problem {
    const { target, timeoutMs } = this.#parts;
    return sudoSilent(target, timeoutMs, { output: this.#output, mayRun: true });
  }

  asked(user: string): void {
    if (!this.#hasBegun) this.#mayBegin = false;
    this.#step.resolve({ kind: "asked", user });
  }

  began(): void {
    this.#hasBegun = true;
    this.#step.resolve({ kind: "began" });
  }

  /**
   * To be called with output on the stream that sudo writes to; once the command has begun, that output is the
   * command's.
   */
  received(bytes: Buffer): void {
    if (!this.#hasBegun) this.#output = (this.#output + bytes.toString()).slice(-maxOutputLength);
  }

  /**
   * Answers sudo until the command begins. Resolves to why it has not begun, which is certain unless `mayHaveBegun`; to
   * undefined if it has, or if the connection was lost and nobody knows. Never rejects.
   */
  async authorize(process: SudoProcess): Promise<Problem | undefined> {
    using lease = this.#parts.access.open(this.#parts.target.name);
    try {
      return await this.#answer(process, lease.gate);
    } catch (failure) {
      return asProblem(failure);
    } finally {
      this.#attempt?.settle(this.#verdict());
      this.#attempt = undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#password?.fill(0);
    this.#password = undefined;
  }

  async #answer({ stdin, ended, signal }: SudoProcess, gate: SudoGate): Promise<Problem | undefined> {
    const { target, timeoutMs, onPrompt } = this.#parts;
    const over = ended.then((end) => ({ kind: "ended", end }) as const);
    for (;;) {
      const late = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const step = await inTime(late, Promise.race([this.#step.promise, over]));
      if (step === undefined) return sudoSilent(target, timeoutMs, { output: this.#output, mayRun: false });
      if (step.kind === "began") return undefined;
      if (step.kind === "ended") return this.#ended(step.end);
      this.#step = Promise.withResolvers();
      onPrompt();
      const password = await this.#next(gate, step.user, signal);
      if (Buffer.byteLength(password) > maxSudoPasswordBytes) return passwordTooLong(target);
      this.#password?.fill(0);
      this.#password = Buffer.from(`${password}\n`);
      this.#answered += 1;
      this.#mayBegin = true;
      // A copy, since the stream holds it until it is sent.
      stdin.write(Buffer.from(this.#password));
    }
  }

  #ended(end: RemoteEnd): Problem | undefined {
    if (end.kind === "lost") return undefined;
    this.#mayBegin = false;
    return sudoRefused(this.#parts.target, end, { output: this.#output, answered: this.#answered });
  }

  /**
   * The result of the last password. If sudo ends, its output does not reliably show whether the password was right.
   */
  #verdict(): SudoVerdict {
    if (this.#hasBegun) return { kind: "accepted" };
    return this.#mayBegin ? { kind: "unknown" } : { kind: "ended", output: this.#output };
  }

  async #next(gate: SudoGate, user: string, signal: AbortSignal): Promise<string> {
    const { target, questioner } = this.#parts;
    if (this.#attempt !== undefined) {
      this.#refused.push(this.#attempt.password);
      this.#attempt.settle({ kind: "refused" });
      this.#attempt = undefined;
    }
    const request = { target, questioner, user, output: this.#output, refused: this.#refused, signal };
    this.#output = "";
    this.#attempt = await gate.next(request);
    return this.#attempt.password;
  }
}

const maxOutputLength = 4096;
