import type { Writable } from "node:stream";
import type { Problem } from "../../protocol/problem.ts";
import type { TerminalSize } from "../../protocol/run.ts";
import type { LiveRun } from "./record/live-run.ts";
import type { RunExecution } from "./run-execution.ts";
import type { StopController } from "./terminate/stop-controller.ts";
import type { Remote } from "../transport/remote.ts";

export interface QueuedExecutionParts {
  readonly outlivesDaemon: boolean;
  readonly create: () => RunExecution;
}

/**
 * The execution of a run that may have to wait: what only a run under way needs is created when it begins or is asked
 * for anything, since ten thousand runs may be waiting.
 */
export class QueuedExecution implements RunExecution {
  readonly live: LiveRun;
  readonly outlivesDaemon: boolean;
  readonly #create: () => RunExecution;
  #created: RunExecution | undefined;

  constructor(live: LiveRun, { outlivesDaemon, create }: QueuedExecutionParts) {
    this.live = live;
    this.outlivesDaemon = outlivesDaemon;
    this.#create = create;
  }

  get #execution(): RunExecution {
    return (this.#created ??= this.#create());
  }

  run(remote: Remote): Promise<void> {
    return this.#execution.run(remote);
  }

  get stops(): StopController {
    return this.#execution.stops;
  }

  get cancelRefusal(): Problem | undefined {
    return this.#execution.cancelRefusal;
  }

  stdin(): Promise<Writable | undefined> {
    return this.#execution.stdin();
  }

  resize(size: TerminalSize): boolean {
    return this.#execution.resize(size);
  }
}
