import * as vscode from "vscode";
import type { Run } from "../../protocol/run.ts";
import { commandLine, oneLine } from "../plain-text.ts";
import type { RunSearch } from "./run-search.ts";
import { relativeTime, stateIcon, stateWords } from "./run-labels.ts";

interface RunLeaf {
  readonly kind: "run";
  /** As it is now. */
  run: Run;
}
export type RunNode = RunLeaf | { readonly kind: "more" };

/** How often the times in the rows are brought up to date while they can be seen. */
const clockMs = 30_000;

/** The recent runs, newest first. */
export class RunsView implements vscode.TreeDataProvider<RunNode>, vscode.Disposable {
  readonly #runs: RunSearch;
  readonly #start: () => Promise<void>;
  readonly #changed = new vscode.EventEmitter<RunNode[] | undefined>();
  readonly #subscription: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;
  /** What the tree shows now, in order. */
  #drawn: readonly RunLeaf[] = [];
  #drawnMore = false;
  #clock: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  /** `start` finds or starts the daemon and reads the lists; it tells the person what went wrong by itself. */
  constructor(runs: RunSearch, start: () => Promise<void>) {
    this.#runs = runs;
    this.#start = start;
    this.#subscription = runs.onDidChange(() => this.#refreshSoon());
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
    return node.kind === "run" ? runItem(node.run) : moreItem();
  }

  async getChildren(node?: RunNode): Promise<RunNode[]> {
    if (node !== undefined) return [];
    if (this.#runs.known === undefined) await this.#start();
    this.#drawn = this.#runs.runs.map((run) => ({ kind: "run", run }));
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
    const { runs, hasMore } = this.#runs;
    const drawn = this.#drawn;
    const same = drawn.length === runs.length && runs.every((run, at) => run.id === drawn[at]?.run.id);
    if (!same || hasMore !== this.#drawnMore || runs.length === 0) {
      this.#changed.fire(undefined);
      return;
    }
    const changed = drawn.filter((leaf, at) => {
      const run = runs[at] ?? leaf.run;
      const differs = run !== leaf.run;
      leaf.run = run;
      return differs;
    });
    if (changed.length > 0) this.#changed.fire(changed);
  }
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
