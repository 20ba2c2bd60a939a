import type { TerminalSize } from "../../protocol/run.ts";

/** What the terminal of a task shows. */
export interface TaskOutput {
  /** Output of the command; resolves when more can be taken. */
  write(text: string): Promise<void>;
  /** A line of Hostrun's own. */
  say(text: string): void;
}

/** What a task does on its host or hosts; its run or job has an id. */
export interface TaskWork {
  /** What tells tasks apart: a second one of the same shows the work that there is. */
  readonly task: object;
  /** Whether it has not ended, and there is a record of it. */
  isUnderWay(id: string): Promise<boolean>;
  /** Asks the person, where that is needed. */
  confirm(): Promise<boolean>;
  /** Its id. */
  begin(size: TerminalSize | undefined): Promise<string>;
  /** Shows it from its beginning to its end; the exit status of the task. Ends early, with any status, by the signal. */
  follow(id: string, output: TaskOutput, signal: AbortSignal): Promise<number>;
  cancel(id: string): Promise<void>;
  resize(id: string, size: TerminalSize): Promise<void>;
}
