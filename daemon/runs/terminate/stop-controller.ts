import { Problem } from "../../../protocol/problem.ts";
import type { Target } from "../../transport/remote.ts";

export type StopReason = "cancelled" | "timedOut";

/** Requests the end of a command: INT immediately, stronger signals up to `graceMs` later. */
export interface StopRequest {
  readonly reason: StopReason;
  readonly graceMs: number;
}

export interface StopListener {
  /** Called once, and again if the strongest signal is to be sent sooner than requested before. */
  stop(request: StopRequest): void;
  /** The daemon stops: no more is done for the run, whatever was requested before. */
  abandon(problem: Problem): void;
}

const timeoutGraceMs = 5000;
const maxTimerMs = 2_147_483_647;

/**
 * Combines what may end a run: a person, its time limit, or the end of the daemon. The first one counts; a person may
 * shorten its grace time.
 */
export class StopController {
  readonly #listener: StopListener;
  #request: StopRequest | undefined;
  #graceUntil = Infinity;
  #timeLimit: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #requested = Promise.withResolvers<undefined>();

  constructor(listener: StopListener) {
    this.#listener = listener;
  }

  /** Resolves when the run is to end, for any reason. */
  get requested(): Promise<undefined> {
    return this.#requested.promise;
  }

  get reason(): StopReason | undefined {
    return this.#request?.reason;
  }

  cancel(graceMs: number): void {
    this.request({ reason: "cancelled", graceMs });
  }

  request({ reason, graceMs }: StopRequest): void {
    const graceUntil = performance.now() + graceMs;
    if (this.#closed || graceUntil >= this.#graceUntil) return;
    this.#graceUntil = graceUntil;
    const request = { reason: this.#request?.reason ?? reason, graceMs };
    this.#request = request;
    clearTimeout(this.#timeLimit);
    this.#listener.stop(request);
    this.#requested.resolve(undefined);
  }

  /** Limits the command's time from now on. */
  limitTime(ms: number): void {
    clearTimeout(this.#timeLimit);
    if (this.#closed || this.#request !== undefined) return;
    const request = { reason: "timedOut", graceMs: timeoutGraceMs } as const;
    this.#timeLimit = setTimeout(() => this.request(request), Math.min(ms, maxTimerMs));
  }

  /** The request turned out not to be needed; others can follow. */
  withdraw(): void {
    this.#request = undefined;
    this.#graceUntil = Infinity;
  }

  /** To be called when the command is known to have ended, although its run has not. */
  endTimeLimit(): void {
    clearTimeout(this.#timeLimit);
  }

  abandon(problem: Problem): void {
    this.close();
    this.#listener.abandon(problem);
    this.#requested.resolve(undefined);
  }

  /** To be called when the run has ended: no stop is requested after that. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timeLimit);
  }
}

/** The ending of a stopped run. */
export function stopEnding(
  reason: StopReason,
  { target, timeoutMs }: { readonly target: Target; readonly timeoutMs: number },
): { outcome: StopReason; problem?: Problem } {
  if (reason === "cancelled") return { outcome: reason };
  const detail = `The command on ${target.name} was still running after ${timeoutMs / 1000} s and was ended. Give it more time (--timeout, timeoutMs).`;
  const problem = new Problem("timed_out", detail, { host: target.name, retryable: false });
  return { outcome: reason, problem };
}

export function stoppingMessage(reason: StopReason): string {
  return reason === "cancelled" ? "Cancelling" : "Out of time; ending the command";
}

export function unconfirmedMessage({ name }: Target): string {
  return `${name} did not confirm that the command ended; it may still run there`;
}
