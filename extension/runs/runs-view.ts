import * as vscode from "vscode";
import type { JobList } from "../jobs/job-list.ts";
import { groupItem } from "./group-item.ts";
import { jobItem } from "./job-item.ts";
import type { PinnedRuns } from "./pinned-runs.ts";
import { runGroupings, type RunGrouping } from "../../protocol/run-groups.ts";
import { moreItem, runItem } from "./run-item.ts";
import {
  flattened,
  type GroupBranch,
  type JobBranch,
  keyOfRow,
  type RunLeaf,
  type RunNode,
  runNodes,
} from "./run-nodes.ts";
import type { RunSearch } from "./run-search.ts";

export interface RunsViewParts {
  readonly search: RunSearch;
  readonly pinned: PinnedRuns;
  readonly jobs: JobList;
  readonly memory: vscode.Memento;
  /** Finds or starts the daemon and reads the lists; it reports failures itself. */
  readonly start: () => Promise<void>;
}

/** How often the relative times in the rows are updated while they are visible. */
const clockMs = 30_000;

const groupingKey = "hostrun.runGrouping";

/** The recent runs, newest first, in groups or in one list, pinned ones first; those of a job below its row. */
export class RunsView implements vscode.TreeDataProvider<RunNode>, vscode.Disposable {
  readonly #runs: RunSearch;
  readonly #pinned: PinnedRuns;
  readonly #jobs: JobList;
  readonly #memory: vscode.Memento;
  readonly #start: () => Promise<void>;
  readonly #changed = new vscode.EventEmitter<RunNode[] | undefined>();
  readonly #subscription: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;
  /** What the tree shows now, in order. */
  #drawn: readonly (RunLeaf | JobBranch | GroupBranch)[] = [];
  #drawnMore = false;
  #clock: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor({ search, pinned, jobs, memory, start }: RunsViewParts) {
    this.#runs = search;
    this.#pinned = pinned;
    this.#jobs = jobs;
    this.#memory = memory;
    this.#start = start;
    const refresh = (): void => this.#refreshSoon();
    const sources = [search, pinned, jobs].map((source) => source.onDidChange(refresh));
    this.#subscription = vscode.Disposable.from(...sources);
  }

  get grouping(): RunGrouping {
    const kept = this.#memory.get(groupingKey);
    return runGroupings.find((name) => name === kept) ?? "none";
  }

  /** Stored for future windows. */
  async groupBy(grouping: RunGrouping): Promise<void> {
    await this.#memory.update(groupingKey, grouping);
    this.#changed.fire(undefined);
  }

  /** Updates the relative times, only while the view is visible. */
  follow(view: vscode.TreeView<RunNode>): vscode.Disposable {
    const look = (): void => {
      // Also regroups the runs when the day changes.
      this.#refresh();
      this.#changed.fire(flattened(this.#drawn));
    };
    const tick = (visible: boolean): void => {
      clearInterval(this.#clock);
      this.#clock = visible ? setInterval(look, clockMs) : undefined;
    };
    tick(view.visible);
    return view.onDidChangeVisibility(({ visible }) => tick(visible));
  }

  getTreeItem(node: RunNode): vscode.TreeItem {
    const isFirst = this.#drawn.find((root) => root.kind !== "group" || root.by !== "pinned") === node;
    const item = itemOf(node, isFirst);
    item.id = keyOfRow(node);
    return item;
  }

  async getChildren(node?: RunNode): Promise<RunNode[]> {
    if (node?.kind === "job") return this.#runsOf(node);
    if (node?.kind === "group") return node.children;
    if (node !== undefined) return [];
    if (this.#runs.known === undefined) await this.#start();
    this.#drawn = this.#roots();
    this.#drawnMore = this.#runs.hasMore;
    return this.#drawnMore ? [...this.#drawn, { kind: "more", parent: undefined }] : [...this.#drawn];
  }

  /** Needed to reveal rows. */
  getParent(node: RunNode): RunNode | undefined {
    return node.parent;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#clock);
    vscode.Disposable.from(this.#subscription, this.#changed).dispose();
  }

  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#refresh();
    }, 50);
  }

  /** Redraws only the rows that changed if the list is the same: a row must not disappear under the mouse. */
  #refresh(): void {
    const roots = flattened(this.#roots());
    const drawn = flattened(this.#drawn);
    const isSame = (node: RunNode, at: number): boolean => keyOfRow(node) === keyOfRow(drawn[at]);
    const same = drawn.length === roots.length && roots.every(isSame);
    if (!same || this.#runs.hasMore !== this.#drawnMore || roots.length === 0) {
      this.#changed.fire(undefined);
      return;
    }
    const changed = drawn.filter((node, at) => renew(node, roots[at]));
    if (changed.length > 0) this.#changed.fire(changed);
  }

  #roots(): (RunLeaf | JobBranch | GroupBranch)[] {
    const { runs, hasMore, text } = this.#runs;
    // A search finds runs, not jobs.
    const oldest = hasMore ? (runs.at(-1)?.id ?? "") : "";
    const jobs = text === "" ? this.#jobs.jobs.filter(({ id }) => id >= oldest) : [];
    const pinned = text === "" ? this.#pinned.runs : runs.filter((run) => run.pinned);
    const rest = runs.filter((run) => !run.pinned);
    return runNodes({ by: this.grouping, runs: rest, pinned, jobs, now: new Date() });
  }

  async #runsOf(branch: JobBranch): Promise<RunNode[]> {
    const runs = await this.#jobs.runsOf(branch.job).catch(() => []);
    return runs.map((run) => ({ kind: "run", run, parent: branch }));
  }
}

function itemOf(node: RunNode, isFirst: boolean): vscode.TreeItem {
  if (node.kind === "job") return jobItem(node.job);
  if (node.kind === "group") return groupItem(node, isFirst);
  return node.kind === "run" ? runItem(node.run) : moreItem();
}

/** Updates a row; returns whether it has changed. */
function renew(node: RunNode, now: RunNode | undefined): boolean {
  if (node.kind === "run" && now?.kind === "run") {
    const differs = node.run !== now.run;
    node.run = now.run;
    return differs;
  }
  if (node.kind !== "job" || now?.kind !== "job") return false;
  const differs = node.job !== now.job;
  node.job = now.job;
  return differs;
}
