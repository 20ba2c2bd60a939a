import * as vscode from "vscode";
import type { Job } from "../../protocol/job.ts";
import type { Run } from "../../protocol/run.ts";
import type { JobList } from "../jobs/job-list.ts";
import { commandLine, oneLine } from "../plain-text.ts";
import { jobItem } from "./job-item.ts";
import type { RunSearch } from "./run-search.ts";
import { relativeTime, stateIcon, stateWords } from "./run-labels.ts";

interface RunLeaf {
  readonly kind: "run";
  /** As it is now. */
  run: Run;
}
interface JobBranch {
  readonly kind: "job";
  job: Job;
}
export type RunNode = RunLeaf | JobBranch | { readonly kind: "more" };

/** How often the times in the rows are brought up to date while they can be seen. */
const clockMs = 30_000;

/** The recent runs, newest first; those of a job below its row. */
export class RunsView implements vscode.TreeDataProvider<RunNode>, vscode.Disposable {
  readonly #runs: RunSearch;
  readonly #jobs: JobList;
  readonly #start: () => Promise<void>;
  readonly #changed = new vscode.EventEmitter<RunNode[] | undefined>();
  readonly #subscription: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;
  /** What the tree shows now, in order. */
  #drawn: readonly (RunLeaf | JobBranch)[] = [];
  #drawnMore = false;
  #clock: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  /** `start` finds or starts the daemon and reads the lists; it tells the person what went wrong by itself. */
  constructor(runs: RunSearch, jobs: JobList, start: () => Promise<void>) {
    this.#runs = runs;
    this.#jobs = jobs;
    this.#start = start;
    const refresh = (): void => this.#refreshSoon();
    this.#subscription = vscode.Disposable.from(runs.onDidChange(refresh), jobs.onDidChange(refresh));
  }

  /** Keeps the relative times right while the view can be seen, and only then. */
  follow(view: vscode.TreeView<RunNode>): vscode.Disposable {
    const tick = (visible: boolean): void => {
      clearInterval(this.#clock);
      this.#clock = visible ? setInterval(() => this.#changed.fire([...this.#drawn]), clockMs) : undefined;
    };
    tick(view.visible);
    return view.onDidChangeVisibility(({ visible }) => tick(visible));
  }

  getTreeItem(node: RunNode): vscode.TreeItem {
    if (node.kind === "job") return jobItem(node.job);
    return node.kind === "run" ? runItem(node.run) : moreItem();
  }

  async getChildren(node?: RunNode): Promise<RunNode[]> {
    if (node?.kind === "job") return this.#runsOf(node.job);
    if (node !== undefined) return [];
    if (this.#runs.known === undefined) await this.#start();
    this.#drawn = this.#roots();
    this.#drawnMore = this.#runs.hasMore;
    return this.#drawnMore ? [...this.#drawn, { kind: "more" }] : [...this.#drawn];
  }

  /** Rows have none: for those that are to be revealed. */
  getParent(): undefined {
    return undefined;
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

  /** Only the rows that changed, where the list is the same: a row must not go away under the mouse. */
  #refresh(): void {
    const roots = this.#roots();
    const drawn = this.#drawn;
    const isSame = (node: RunNode, at: number): boolean => keyOfRow(node) === keyOfRow(drawn[at]);
    const same = drawn.length === roots.length && roots.every(isSame);
    if (!same || this.#runs.hasMore !== this.#drawnMore || roots.length === 0) {
      this.#changed.fire(undefined);
      return;
    }
    const changed = drawn.filter((node, at) => renew(node, roots[at]));
    if (changed.length > 0) this.#changed.fire(changed);
  }

  /** Ids of runs and of jobs are UUIDv7, so that their order is that of time. */
  #roots(): (RunLeaf | JobBranch)[] {
    const { runs, hasMore, filter } = this.#runs;
    // What is looked for is a run.
    const oldest = hasMore ? (runs.at(-1)?.id ?? "") : "";
    const jobs = filter === undefined ? this.#jobs.jobs.filter(({ id }) => id >= oldest) : [];
    const known = new Set(jobs.map(({ id }) => id));
    const single = runs.filter(({ jobId }) => jobId === null || !known.has(jobId));
    const nodes: (RunLeaf | JobBranch)[] = [
      ...single.map((run): RunLeaf => ({ kind: "run", run })),
      ...jobs.map((job): JobBranch => ({ kind: "job", job })),
    ];
    return nodes.sort((a, b) => (keyOfRow(a) < keyOfRow(b) ? 1 : -1));
  }

  async #runsOf(job: Job): Promise<RunNode[]> {
    const runs = await this.#jobs.runsOf(job).catch(() => []);
    return runs.map((run) => ({ kind: "run", run }));
  }
}

/** What tells a row from the others. */
export function keyOfRow(node: RunNode | undefined): string {
  if (node === undefined || node.kind === "more") return node?.kind ?? "";
  return node.kind === "run" ? node.run.id : node.job.id;
}

/** Gives a row what it shows now; whether that is something else. */
function renew(node: RunLeaf | JobBranch, now: RunNode | undefined): boolean {
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

function runItem(run: Run): vscode.TreeItem {
  // The end of a row is cut off in a narrow view: short, so that it still says how the command ended.
  const item = new vscode.TreeItem(commandLine(run.command, 24), vscode.TreeItemCollapsibleState.None);
  const notes = [stateWords(run), oneLine(run.host.name), relativeTime(run.createdAt)];
  item.id = `run:${run.id}`;
  item.iconPath = stateIcon(run);
  item.contextValue = run.state === "ended" ? "run ended" : "run alive";
  item.description = notes.join(" · ");
  item.tooltip = tooltip(run);
  item.accessibilityInformation = { label: [commandLine(run.command, 200), ...notes].join(", ") };
  item.command = {
    command: "hostrun.openRunRow",
    title: vscode.l10n.t("Open Run"),
    arguments: [{ kind: "run", run }],
  };
  return item;
}

function moreItem(): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t("Load More…"), vscode.TreeItemCollapsibleState.None);
  item.id = "more";
  item.iconPath = new vscode.ThemeIcon("ellipsis");
  item.command = { command: "hostrun.loadMoreRuns", title: vscode.l10n.t("Load More") };
  return item;
}

/** Plain text, never Markdown: the parts come from people and servers. */
function tooltip(run: Run): string {
  const at = new Date(run.createdAt).toLocaleString(vscode.env.language);
  return [
    run.command.length > 1000 ? `${run.command.slice(0, 1000)}…` : run.command,
    vscode.l10n.t("On {0} ({1}), {2}", run.host.name, run.host.address, at),
    stateWords(run),
    ...(run.problem === null ? [] : [run.problem.detail]),
    ...(run.damaged === undefined ? [] : [vscode.l10n.t("Damaged: {0}", run.damaged.join(", "))]),
  ].join("\n");
}
