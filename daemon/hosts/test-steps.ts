import type { TestStep, TestStepName } from "../../protocol/test-step.ts";
import type { Clock } from "../core/clock.ts";
import { hopName } from "../transport/hop-name.ts";
import type { ConnectMark, Hop } from "../transport/remote.ts";

export interface TestStepsParts {
  readonly clock: Pick<Clock, "elapsed">;
  /** Called whenever the steps change. */
  readonly changed: (steps: readonly TestStep[]) => void;
}

interface Running {
  readonly step: TestStep;
  /** Excludes time spent waiting for a person. */
  spentMs: number;
  /** Undefined while a person is being asked. */
  since: number | undefined;
}

/** The steps of one test, as they progress. */
export class TestSteps {
  readonly #parts: TestStepsParts;
  #steps: readonly TestStep[] = [];
  #running: Running | undefined;

  constructor(parts: TestStepsParts) {
    this.#parts = parts;
  }

  get steps(): readonly TestStep[] {
    return this.#steps;
  }

  /** Applies a mark of the connection; undefined: it continues, or begins, at that hop. */
  mark(mark: ConnectMark | undefined, hop: Hop): void {
    const running = this.#running;
    if (mark === "asking") this.#pause();
    else if (mark === "answered") this.#resume();
    else if (mark === "reused") this.#add(hop, "connect", { state: "reused", note: "was open already" });
    else if (mark !== undefined) this.begin(mark, hop);
    // The connection has moved on to another hop.
    else if (running !== undefined && !isAt(running.step, hop)) this.end("done");
  }

  /** Begins a step. A step that is repeated, e.g. with a person's answer, replaces the earlier attempt. */
  begin(name: TestStepName, hop: Hop): void {
    const { step } = this.#running ?? {};
    if (step?.name === name && isAt(step, hop)) return;
    this.end("done");
    const again = this.#steps.findIndex((other) => other.name === name && isAt(other, hop));
    if (again >= 0) this.#steps = this.#steps.slice(0, again);
    const begun = this.#add(hop, name, { state: "running" });
    this.#running = { step: begun, spentMs: 0, since: this.#parts.clock.elapsed() };
  }

  /** Ends the current step, if there is one. */
  end(state: "done" | "failed" | "skipped", note: string | null = null): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#pause();
    this.#running = undefined;
    const durationMs = state === "skipped" ? null : Math.round(running.spentMs * 10) / 10;
    this.#set([...this.#steps.slice(0, -1), { ...running.step, state, durationMs, note }]);
  }

  #add(hop: Hop, name: TestStepName, more: Partial<TestStep> & Pick<TestStep, "state">): TestStep {
    this.end("done");
    const step = { name, host: hop.name, hop: hopName(hop), durationMs: null, note: null, ...more };
    this.#set([...this.#steps, step]);
    return step;
  }

  #pause(): void {
    const running = this.#running;
    if (running?.since === undefined) return;
    running.spentMs += this.#parts.clock.elapsed() - running.since;
    running.since = undefined;
  }

  #resume(): void {
    if (this.#running !== undefined) this.#running.since ??= this.#parts.clock.elapsed();
  }

  #set(steps: readonly TestStep[]): void {
    this.#steps = steps;
    this.#parts.changed(steps);
  }
}

/** Two hosts may have the same address, each in a different network. */
function isAt(step: TestStep, hop: Hop): boolean {
  return step.host === hop.name && step.hop === hopName(hop);
}
