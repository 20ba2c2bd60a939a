import * as vscode from "vscode";
import type { Change } from "../../protocol/change.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { ItemChanges } from "../daemon/item-changes.ts";

const pageSize = 50;
/** Each change is drawn by several parts of the window, and must not delay the first output of a run. */
const settleMs = 100;
/** A window that is open for weeks must not accumulate runs: beyond this it starts over with one page. */
const maxRuns = 2000;

/** The latest runs, newest first, as many pages as were requested; kept up to date by the stream of changes. */
export class RunList implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #changes = new ItemChanges((change) => this.#takeItem(change));
  readonly #subscriptions: vscode.Disposable[];
  #runs: readonly Run[] | undefined;
  #nextCursor: string | null = null;
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.#changed.event;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
    this.#subscriptions = [this.#changed, daemon.onDidChange((change) => this.#take(change))];
  }

  get runs(): readonly Run[] {
    return this.#runs ?? [];
  }

  /** Undefined until the daemon's first response. */
  get known(): readonly Run[] | undefined {
    return this.#runs;
  }

  get hasMore(): boolean {
    return this.#nextCursor !== null;
  }

  get alive(): readonly Run[] {
    return this.runs.filter((run) => run.state !== "ended");
  }

  find(id: string): Run | undefined {
    return this.runs.find((run) => run.id === id);
  }

  /** Reloads the first page; rejects with a Problem. */
  async refresh(): Promise<void> {
    await this.#changes.read(
      () => this.#daemon.call("listRuns", { query: { limit: String(pageSize) } }),
      (page) => {
        this.#runs = page.items;
        this.#nextCursor = page.nextCursor;
      },
    );
    this.#changed.fire();
  }

  async loadMore(): Promise<void> {
    const cursor = this.#nextCursor;
    if (cursor === null) return;
    await this.#changes.read(
      () => this.#daemon.call("listRuns", { query: { limit: String(pageSize), cursor } }),
      (page) => {
        // Another call may have read the same page in the meantime.
        if (cursor !== this.#nextCursor) return;
        const known = new Set(this.runs.map((run) => run.id));
        this.#runs = [...this.runs, ...page.items.filter((run) => !known.has(run.id))];
        this.#nextCursor = page.nextCursor;
      },
    );
    this.#changed.fire();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #take(change: Change): void {
    if (change.type === "reset") void this.refresh().catch(() => undefined);
    else this.#changes.take(change);
  }

  #takeItem(change: Change): void {
    if (this.#runs === undefined) return;
    if (change.type === "runChanged") this.#runs = withRun(this.#runs, change.run);
    else if (change.type === "runDeleted") this.#runs = this.#runs.filter((run) => run.id !== change.id);
    else return;
    if (this.#runs.length > maxRuns) void this.refresh().catch(() => undefined);
    this.#fireSoon();
  }

  #fireSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changed.fire();
    }, settleMs);
  }
}

/** Ids are UUIDv7 (RFC 9562), which sort by time. */
function withRun(runs: readonly Run[], run: Run): readonly Run[] {
  const at = runs.findIndex((other) => other.id <= run.id);
  if (at === -1) return runs.length < pageSize ? [...runs, run] : runs;
  return runs.toSpliced(at, runs[at]?.id === run.id ? 1 : 0, run);
}
