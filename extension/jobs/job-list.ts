import * as vscode from "vscode";
import type { Change } from "../../protocol/change.ts";
import type { Job } from "../../protocol/job.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { ItemChanges } from "../daemon/item-changes.ts";

/** As many as a person can keep apart. */
const maxJobs = 100;
const maxRuns = 200;

/** The latest jobs, newest first, kept up to date by the stream of changes; read when that starts. */
export class JobList implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #changes = new ItemChanges((change) => this.#take(change));
  readonly #subscription: vscode.Disposable;
  #jobs: readonly Job[] = [];

  readonly onDidChange = this.#changed.event;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
    this.#subscription = daemon.onDidChange((change) => {
      if (change.type === "reset") void this.#refresh().catch(() => undefined);
      else this.#changes.take(change);
    });
  }

  get jobs(): readonly Job[] {
    return this.#jobs;
  }

  /** Its runs, failures first; not all of them for a large job. Rejects with a Problem. */
  async runsOf(job: Job): Promise<readonly Run[]> {
    const query = { sort: "failures" as const, limit: String(maxRuns) };
    return (await this.#daemon.call("listJobRuns", { params: { job: job.id }, query })).items;
  }

  dispose(): void {
    vscode.Disposable.from(this.#subscription, this.#changed).dispose();
  }

  async #refresh(): Promise<void> {
    await this.#changes.read(
      () => this.#daemon.call("listJobs", { query: { limit: String(maxJobs) } }),
      (page) => {
        this.#jobs = page.items;
      },
    );
    this.#changed.fire();
  }

  /** Ids are UUIDv7, which sort by time. */
  #take(change: Change): void {
    if (change.type !== "jobChanged") return;
    const { job } = change;
    const others = this.#jobs.filter(({ id }) => id !== job.id);
    this.#jobs = [job, ...others].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, maxJobs);
    this.#changed.fire();
  }
}
