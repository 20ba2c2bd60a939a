import * as vscode from "vscode";
import type { Change } from "../../protocol/change.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { ItemChanges } from "../daemon/item-changes.ts";
import type { RunList } from "./run-list.ts";

const maxShown = "500";

/** All pinned runs, newest first, whatever their age; kept up to date by the stream of changes. */
export class PinnedRuns implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #changes = new ItemChanges((change) => this.#take(change));
  readonly #subscription: vscode.Disposable;
  #runs: ReadonlyMap<string, Run> = new Map();
  #isRead = false;

  readonly onDidChange = this.#changed.event;

  /** They are read after `list`. */
  constructor(daemon: Daemon, list: RunList) {
    this.#daemon = daemon;
    this.#subscription = vscode.Disposable.from(
      this.#changed,
      daemon.onDidChange((change) => {
        if (change.type === "reset") this.#isRead = false;
        else this.#changes.take(change);
      }),
      list.onDidChange(() => list.known !== undefined && void this.#read()),
    );
  }

  get runs(): readonly Run[] {
    return [...this.#runs.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #read(): Promise<void> {
    if (this.#isRead) return;
    this.#isRead = true;
    const query = { pinned: "true", limit: maxShown } as const;
    const read = this.#changes.read(
      () => this.#daemon.call("listRuns", { query }),
      (page) => this.#set(new Map(page.items.map((run) => [run.id, run]))),
    );
    // The list reports that the daemon is gone, and is reloaded when it is back.
    await read.catch(() => {
      this.#isRead = false;
    });
  }

  #take(change: Change): void {
    const id = change.type === "runChanged" ? change.run.id : change.type === "runDeleted" ? change.id : "";
    const isPinned = change.type === "runChanged" && change.run.pinned;
    if (!isPinned && !this.#runs.has(id)) return;
    const runs = new Map(this.#runs);
    if (isPinned) runs.set(id, change.run);
    else runs.delete(id);
    this.#set(runs);
  }

  #set(runs: ReadonlyMap<string, Run>): void {
    this.#runs = runs;
    this.#changed.fire();
  }
}
