import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import { Problem } from "../../protocol/problem.ts";
import { oneLine } from "../plain-text.ts";
import { hostRowUri } from "../row-decorations.ts";
import { hostAddress } from "./host-address.ts";
import { fittingHosts } from "./fitting-hosts.ts";
import type { HostFilter } from "./host-filter.ts";
import type { HostList } from "./host-list.ts";
import type { HostState } from "./host-states.ts";
import { hostTooltip } from "./host-tooltip.ts";
import { hostTree, parentOf, type HostLeaf, type HostNode } from "./host-tree.ts";

export interface HostsViewParts {
  readonly hosts: HostList;
  readonly filter: HostFilter;
  /** Finds or starts the daemon and reads the lists; it reports failures itself. */
  readonly start: () => Promise<void>;
  /** Returns a host with its effective values. */
  readonly ask: (host: Host) => Promise<Host>;
}

/** The tree of hosts, with groups as folders. */
export class HostsView implements vscode.TreeDataProvider<HostNode>, vscode.Disposable {
  readonly #hosts: HostList;
  readonly #filter: HostFilter;
  readonly #start: () => Promise<void>;
  readonly #ask: (host: Host) => Promise<Host>;
  readonly #changed = new vscode.EventEmitter<HostNode[] | undefined>();
  readonly #subscription: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;
  /** What the tree shows now. */
  #drawn: { key: string; leaves: readonly HostLeaf[]; states: Map<string, string> } | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor({ hosts, filter, start, ask }: HostsViewParts) {
    this.#hosts = hosts;
    this.#filter = filter;
    this.#start = start;
    this.#ask = ask;
    this.#subscription = vscode.Disposable.from(
      hosts.onDidChange(() => this.#refreshSoon()),
      filter.onDidChange(() => this.#refresh()),
    );
  }

  getTreeItem(node: HostNode): vscode.TreeItem {
    if (node.kind === "host") return hostItem(node.host, this.#hosts.state(node.host));
    const item = new vscode.TreeItem(oneLine(node.name), vscode.TreeItemCollapsibleState.Expanded);
    item.id = `group:${node.path}`;
    item.iconPath = vscode.ThemeIcon.Folder;
    item.contextValue = "group";
    item.accessibilityInformation = { label: vscode.l10n.t("Group {0}", oneLine(node.path)) };
    return item;
  }

  /** Called on hover: adds what the list does not include. */
  async resolveTreeItem(item: vscode.TreeItem, node: HostNode): Promise<vscode.TreeItem> {
    if (node.kind !== "host") return item;
    const state = this.#hosts.state(node.host);
    try {
      item.tooltip = hostTooltip(await this.#ask(node.host), state);
    } catch (failure) {
      const why = failure instanceof Problem ? [oneLine(failure.message)] : [];
      item.tooltip = [hostTooltip(node.host, state), ...why].join("\n");
    }
    return item;
  }

  async getChildren(node?: HostNode): Promise<HostNode[]> {
    if (node !== undefined) return node.kind === "group" ? [...node.children] : [];
    if (this.#hosts.known === undefined) await this.#start();
    const hosts = this.#shown;
    const roots = hostTree(hosts);
    this.#drawn = { key: JSON.stringify(hosts), leaves: leavesOf(roots), states: new Map() };
    for (const { host } of this.#drawn.leaves) this.#drawn.states.set(host.name, this.#stateKey(host));
    return [...roots];
  }

  /** Needed to reveal a row. */
  getParent(node: HostNode): HostNode | undefined {
    return parentOf(hostTree(this.#shown), node);
  }

  /** Shows a message above the tree if hosts are missing. */
  follow(tree: Pick<vscode.TreeView<HostNode>, "message">): vscode.Disposable {
    let shown = "";
    return this.#hosts.onDidChange(() => {
      const message = this.#hosts.problems.map(({ detail }) => oneLine(detail)).join("\n");
      // VS Code lays the tree out again for each message, even an unchanged one.
      if (message !== shown) tree.message = message;
      shown = message;
    });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(this.#subscription, this.#changed).dispose();
  }

  /** Many changes arrive together when many runs start: they are drawn once. */
  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // An empty tree shows "Add the hosts …" only when it is known to be empty.
      void vscode.commands.executeCommand("setContext", "hostrun.ready", this.#hosts.known !== undefined);
      this.#refresh();
    }, 50);
  }

  /** Redraws only the rows that changed if the tree is the same: a row must not disappear under the mouse. */
  #refresh(): void {
    const drawn = this.#drawn;
    if (drawn?.key !== JSON.stringify(this.#shown)) {
      this.#changed.fire(undefined);
      return;
    }
    const changed = drawn.leaves.filter(({ host }) => drawn.states.get(host.name) !== this.#stateKey(host));
    for (const { host } of changed) drawn.states.set(host.name, this.#stateKey(host));
    if (changed.length > 0) this.#changed.fire(changed);
  }

  get #shown(): readonly Host[] {
    return fittingHosts(this.#hosts.hosts, this.#filter.text);
  }

  #stateKey(host: Host): string {
    return JSON.stringify(this.#hosts.state(host));
  }
}

function leavesOf(nodes: readonly HostNode[]): readonly HostLeaf[] {
  return nodes.flatMap((node) => (node.kind === "host" ? [node] : leavesOf(node.children)));
}

function hostItem(host: Host, state: HostState): vscode.TreeItem {
  const item = new vscode.TreeItem(host.name, vscode.TreeItemCollapsibleState.None);
  const words = stateLabel(state);
  item.id = `host:${host.name}`;
  item.iconPath = stateIcon(state);
  item.contextValue = `host ${host.id === null ? "config" : "saved"}${host.production ? " production" : ""}${host.favorite ? " favorite" : ""}`;
  // The decoration is visible in a narrow view, too.
  item.resourceUri = hostRowUri(host);
  item.command = {
    command: "hostrun.openHostRow",
    title: vscode.l10n.t("Open Host"),
    arguments: [{ kind: "host", host }],
  };
  const notes = rowNotes(host);
  // A narrow view cuts off the end: the most important part comes first.
  item.description = [...(state.kind === "idle" ? [] : [words]), ...notes.shown].join(" · ");
  item.accessibilityInformation = { label: [host.name, words, ...notes.spoken].join(", ") };
  return item;
}

/** Notes in a host's row besides the name and the state. */
function rowNotes(host: Host): { readonly shown: readonly string[]; readonly spoken: readonly string[] } {
  const marks = [
    ...(host.production ? [vscode.l10n.t("production")] : []),
    ...(host.legacyAlgorithms ? [vscode.l10n.t("legacy algorithms")] : []),
  ];
  const origin = [
    ...(host.id === null ? [vscode.l10n.t("SSH config")] : []),
    ...(host.damaged === undefined ? [] : [vscode.l10n.t("damaged")]),
    ...(host.unresolved === true ? [] : [hostAddress(host)]),
  ];
  if (!host.favorite) return { shown: [...marks, ...origin], spoken: [...marks, ...origin] };
  // It is shown above the groups.
  const group = host.group === null ? [] : [oneLine(host.group)];
  return {
    shown: ["★", ...marks, ...group, ...origin],
    spoken: [vscode.l10n.t("favorite"), ...marks, ...group, ...origin],
  };
}

function stateIcon(state: HostState): vscode.ThemeIcon {
  switch (state.kind) {
    case "idle":
      return new vscode.ThemeIcon("circle-outline");
    case "connected":
      return new vscode.ThemeIcon("circle-filled", new vscode.ThemeColor("charts.green"));
    case "failed":
      return new vscode.ThemeIcon("error", new vscode.ThemeColor("charts.red"));
  }
}

function stateLabel(state: HostState): string {
  switch (state.kind) {
    case "idle":
      return vscode.l10n.t("idle");
    case "connected":
      return vscode.l10n.t("connected");
    case "failed":
      return vscode.l10n.t("failed");
  }
}
