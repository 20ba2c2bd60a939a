import type { Ending } from "../ending.ts";
import { endGroupCommand, type GroupEnd, parseGroupEnd } from "../group-end.ts";
import type { RemoteProcess } from "../remote.ts";
import { type StopReason, stopEnding } from "../run-execution.ts";
import type { DurablePlan } from "./plan.ts";

/** How long the host may take to say what came of it, beyond the grace time. */
const answerWithinMs = 5000;

/** The end of a durable command's processes, asked for once and carried out as soon as there is a way to them. */
export class GroupStop {
  readonly reason: StopReason;
  readonly graceMs: number;
  #asking: Promise<void> | undefined;
  #end: GroupEnd = "unknown";

  constructor(reason: StopReason, graceMs: number) {
    this.reason = reason;
    this.graceMs = graceMs;
  }

  /** What the host said last. */
  get end(): GroupEnd {
    return this.#end;
  }

  /** Resolves when nothing is being asked. */
  get settled(): Promise<void> | undefined {
    return this.#asking;
  }

  /** How a run ends that was asked to, and came to this ending. */
  ending(came: Ending, plan: DurablePlan): Ending {
    const { problem: _, ...known } = came;
    const stopConfirmed = came.outcome === "failed" || this.#end === "gone";
    return { ...known, ...stopEnding(this.reason, plan), stopConfirmed };
  }

  /** Asks the host beside `process`, unless that is under way or was answered. */
  ask(process: RemoteProcess, group: number): Promise<void> {
    if (this.#end === "unknown") this.#asking ??= this.#ask(process, group);
    return this.#asking ?? Promise.resolve();
  }

  async #ask(process: RemoteProcess, group: number): Promise<void> {
    // The host has just said that its runner lives: then the command still leads its session, over whatever connection.
    const command = endGroupCommand(group, this.graceMs, "session");
    const answer = await process.ask(command, this.graceMs + answerWithinMs);
    if (answer !== undefined) this.#end = parseGroupEnd(answer.output);
    this.#asking = undefined;
  }
}
