import type { Run } from "../../../protocol/run.ts";
import type { RunQuery } from "../../../protocol/run-query.ts";
import type { EventLog } from "./event-log.ts";
import type { StoredEvent } from "./stored-event.ts";

export interface IdempotencyKey {
  readonly key: string;
  readonly requestSha256: string;
}

export interface RunFilter extends Omit<RunQuery, "cursor" | "limit"> {
  readonly limit: number;
  /** Only runs older than this place of an earlier page. */
  readonly before: number | undefined;
}

export interface RunPage {
  readonly runs: readonly Run[];
  /** What the filter's `before` is to be for the next page; undefined on the last one. */
  readonly before: number | undefined;
}

/** What the use cases need of the store's runs. Every method has committed when it returns, but for those within `endInOneCommit`. */
export interface RunStore {
  /** What happened in the runs, and their output. */
  readonly events: EventLog;
  /**
   * Commits the endings that `work` writes together: those of many runs cost little more than one. On a full disk each is
   * written for which there is room. `storage_full`
   */
  endInOneCommit(work: () => void): void;
  /** Writes the intent with its first events. `storage_full` when there is no room. */
  create(run: Run, events: readonly StoredEvent[], key: IdempotencyKey | undefined): void;
  get(id: string): Run | undefined;
  /** Whether there is such a run, even if it is damaged beyond being shown. */
  has(id: string): boolean;
  /**
   * Newest first. `q` finds ended runs by command, host, note and output, once they were taken in by `index`; those
   * before, and by fewer than three characters all, by command, host and note.
   */
  list(filter: RunFilter): RunPage;
  /** Runs that had not ended when the store was last closed, or the daemon killed. */
  listOpen(): Run[];
  /** Writes what a person says of a run. `storage_full` when there is no room. */
  annotate(id: string, said: Pick<Run, "pinned" | "note">): void;
  delete(id: string): void;
  /** Removes what is left of the output of deleted runs. */
  sweepFiles(signal: AbortSignal): Promise<void>;
  /** What a run or a job was made by, and its id. */
  keyOf(key: string): { requestSha256: string; madeId: string } | undefined;
  forgetKeysBefore(instant: string): void;
  /**
   * Takes ended runs that the search does not know yet in: at most `maxRuns`, and no further one once `maxBytes`
   * of output are in. False when none is left.
   */
  index(maxRuns: number, maxBytes: number): boolean;
  countRuns(): number;
  /** Pinned runs, and the recorded bytes of their output. */
  pinned(): { readonly runs: number; readonly bytes: number };
  /** The run that ended before all others; of those that are not pinned. */
  oldestEnded(): { readonly id: string; readonly endedAt: string } | undefined;
  /** What is in the store, without the room that became free in its file. */
  usedBytes(): number;
  /** Bytes of output that lie outside the database. */
  bytesInFiles(): number;
}
