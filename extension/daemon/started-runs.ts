import type { RunBytesEvent } from "../../client/run-events.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";

/** The first page of a window takes a second or two to load; after this time the events must be requested again. */
const keptMs = 10_000;

type Events = AsyncGenerator<RunBytesEvent, void, undefined>;

interface Kept {
  readonly first: RunBytesEvent;
  readonly events: Events;
  readonly end: AbortController;
  readonly timer: NodeJS.Timeout;
}

/**
 * The events of runs that were just started here. The response to the request that starts a run consists of its
 * events, and the tab that shows it takes them from here: a second request would delay the first output by some
 * milliseconds.
 */
export class StartedRuns {
  readonly #kept = new Map<string, Kept>();

  /** Resolves when the run exists; `open` starts it. */
  async begin(open: (signal: AbortSignal) => Events): Promise<Run> {
    const end = new AbortController();
    const events = open(end.signal);
    const { value: first } = await events.next();
    if (first?.type !== "init") {
      end.abort();
      throw new Problem("daemon_incompatible", "The Hostrun daemon began a run without its first event.");
    }
    const { run } = first;
    const timer = setTimeout(() => {
      this.#kept.delete(run.id);
      end.abort();
    }, keptMs);
    this.#kept.set(run.id, { first, events, end, timer });
    return run;
  }

  /** All events of a run, once; undefined if they are not (or no longer) here. Ends early with the signal. */
  take(run: string, signal: AbortSignal): Events | undefined {
    const kept = this.#kept.get(run);
    if (kept === undefined) return undefined;
    this.#kept.delete(run);
    clearTimeout(kept.timer);
    return follow(kept, signal);
  }
}

async function* follow({ first, events, end }: Kept, signal: AbortSignal): Events {
  const abort = (): void => end.abort(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    if (signal.aborted) abort();
    else yield first;
    yield* events;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
