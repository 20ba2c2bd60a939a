import type { RunState } from "../../protocol/run.ts";
import { warn } from "../console.ts";

const waitMs = 5000;

interface Status {
  readonly state: RunState;
  readonly message: string;
  readonly reconnecting?: true | undefined;
}

/** Tells a person on a terminal what a command that runs is waiting for, if nothing else arrives for some seconds. */
export class WaitingNote {
  #isRunning = false;
  #isAway = false;
  #wasTold = false;
  #timer: NodeJS.Timeout | undefined;

  /** The first status of a command that runs is the ordinary one; a later one is the reason why nothing arrives. */
  status({ state, message, reconnecting }: Status): void {
    this.stop();
    const isBack = this.#isAway && reconnecting === undefined;
    this.#isAway = reconnecting === true;
    if (state !== "running") return;
    const isOrdinary = !this.#isRunning || (isBack && !this.#wasTold);
    this.#isRunning = true;
    if (!isOrdinary) this.#timer = setTimeout(() => this.#tell(message), waitMs).unref();
  }

  /** Something else has arrived, or the run has ended. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #tell(message: string): void {
    if (!process.stderr.isTTY) return;
    this.#wasTold = true;
    warn(`${message}.`);
  }
}
