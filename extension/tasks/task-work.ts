import type { TerminalSize } from "../../protocol/run.ts";

/** The output of a task's terminal. */
export interface TaskOutput {
  /** Writes output of the command; resolves when more can be written. */
  write(text: string): Promise<void>;
  /** Writes a line of Hostrun's own. */
  say(text: string): void;
}

/** The work of a task on its host or hosts; its run or job has an id. */
export interface TaskWork {
  /** Identifies the task: a second, equal one shows the existing run or job. */
  readonly task: object;
  /** Whether it has not ended, and is still in the history. */
  isUnderWay(id: string): Promise<boolean>;
  /** Asks the user for confirmation, if necessary. */
  confirm(): Promise<boolean>;
  /** Returns its id. */
  begin(size: TerminalSize | undefined): Promise<string>;
  /**
   * Shows it from its beginning to its end; returns the exit status of the task. Ends early, with any status, by the
   * signal.
   */
  follow(id: string, output: TaskOutput, signal: AbortSignal): Promise<number>;
  cancel(id: string): Promise<void>;
  resize(id: string, size: TerminalSize): Promise<void>;
}
