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
  /** Only runs older than this position, from an earlier page. */
  readonly before: number | undefined;
}

export interface RunPage {
  readonly runs: readonly Run[];
  /** The filter's `before` for the next page; undefined on the last page. */
  readonly before: number | undefined;
}

/**
 * What the use cases need of the store's runs. Every method has committed when it returns, except within
 * `endInOneCommit`.
 */
export interface RunStore {
  /** The events of runs, and their output. */
  readonly events: EventLog;
  /**
   * Commits the endings that `work` writes in one transaction: those of many runs cost little more than one. On a full
   * disk, each is written for which there is room. Throws `storage_full`.
   */
  endInOneCommit(work: () => void): void;
  /** Writes the intent with its first events. Throws `storage_full` if there is no room. */
  create(run: Run, events: readonly StoredEvent[], key: IdempotencyKey | undefined): void;
  get(id: string): Run | undefined;
  /** Whether there is such a run, even if it is too damaged to be shown. */
  has(id: string): boolean;
  /**
   * Newest first. `q` finds ended runs by command, host, note and output once `index` has indexed them; before that,
   * and with fewer than three characters, by command, host and note.
   */
  list(filter: RunFilter): RunPage;
  /** Runs that had not ended when the store was closed or the daemon killed. */
  listOpen(): Run[];
  /** Sets a run's pin and note. Throws `storage_full` if there is no room. */
  annotate(id: string, said: Pick<Run, "pinned" | "note">): void;
  delete(id: string): void;
  /** Removes remaining output files of deleted runs. */
  sweepFiles(signal: AbortSignal): Promise<void>;
  /** The hash of the request that created a run or job with this key, and its id. */
  keyOf(key: string): { requestSha256: string; madeId: string } | undefined;
  forgetKeysBefore(instant: string): void;
  /**
   * Indexes ended runs for search: at most `maxRuns`, and no more after `maxBytes` of output. Returns false when none
   * is left.
   */
  index(maxRuns: number, maxBytes: number): boolean;
  countRuns(): number;
  /** The number of pinned runs, and the recorded bytes of their output. */
  pinned(): { readonly runs: number; readonly bytes: number };
  /** Of the runs that are not pinned, the one that ended first. */
  oldestEnded(): { readonly id: string; readonly endedAt: string } | undefined;
  /** Bytes in use in the store, without the free space in its file. */
  usedBytes(): number;
  /** Bytes of output stored outside the database. */
  bytesInFiles(): number;
}
