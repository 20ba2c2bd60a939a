import type { Ending } from "../record/ending.ts";
import { endGroupCommand, type GroupEnd, parseGroupEnd } from "../terminate/group-end.ts";
import type { RemoteProcess } from "../../transport/remote.ts";
import { type StopReason, stopEnding } from "../run-execution.ts";
import type { DurablePlan } from "./plan.ts";

/** How long the host may take to say what came of it, beyond the grace time. */
const answerTimeoutMs = 5000;

/** The end of a durable command's processes, asked for once and carried out as soon as there is a way to them. */
export class GroupStop {
  readonly reason: StopReason;
  readonly graceMs: number;
  readonly #left: () => void;
  #asking: Promise<void> | undefined;
  /** What the host said last. */
  #end: GroupEnd = "unknown";

  /** `left` is called when the host could not end all of it, or cannot see whether it did. */
  constructor(reason: StopReason, graceMs: number, left: () => void) {
    this.reason = reason;
    this.graceMs = graceMs;
    this.#left = left;
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

  /**
   * Asks the host of the run beside `process`, unless that is under way or was answered. `runDirectory`: where
   * the run is on the host. Resolves when nothing is being asked.
   */
  async ask(process: RemoteProcess, group: number, runDirectory: string): Promise<void> {
    if (this.#end === "unknown") this.#asking ??= this.#ask(process, group, runDirectory);
    await this.#asking;
  }

  async #ask(process: RemoteProcess, group: number, runDirectory: string): Promise<void> {
    const command = endGroupCommand(group, this.graceMs, runDirectory);
    const answer = await process.execHelper(command, this.graceMs + answerTimeoutMs);
    if (answer !== undefined) this.#end = parseGroupEnd(answer.output);
    this.#asking = undefined;
    if (this.#end === "alive" || this.#end === "unseen") this.#left();
  }
}
