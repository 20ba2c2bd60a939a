import type { Host } from "../../protocol/host.ts";

export interface HostGroup {
  readonly kind: "group";
  /** The last part of `path`. */
  readonly name: string;
  /** From the root, joined by "/". */
  readonly path: string;
  readonly children: readonly HostNode[];
}
export interface HostLeaf {
  readonly kind: "host";
  readonly host: Host;
}
export type HostNode = HostGroup | HostLeaf;

interface Draft {
  readonly name: string;
  readonly path: string;
  readonly groups: Map<string, Draft>;
  readonly hosts: Host[];
}

const inOrder = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/**
 * The hosts as a tree: a host's `group`, e.g. `prod/web`, names its folders. Folders come before hosts, both sorted by
 * name, with numbers in numeric order (web2 before web10). Favorites come first, outside of their folders.
 */
export function hostTree(hosts: readonly Host[]): readonly HostNode[] {
  const top: Draft = newDraft("", "");
  for (const host of hosts.filter(({ favorite }) => !favorite)) {
    let folder = top;
    for (const name of groupParts(host.group)) folder = subfolder(folder, name);
    folder.hosts.push(host);
  }
  return [...leaves(hosts.filter(({ favorite }) => favorite)), ...finished(top)];
}

/** The folders of a group: `/prod//web/` is the same as `prod/web`. */
export function groupParts(group: string | null): readonly string[] {
  return (group ?? "")
    .split("/")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** The group that contains a row; undefined at the top level, and if the tree has no such row. */
export function parentOf(nodes: readonly HostNode[], child: HostNode): HostGroup | undefined {
  for (const node of nodes) {
    if (node.kind === "host") continue;
    if (node.children.some((other) => rowKey(other) === rowKey(child))) return node;
    const parent = parentOf(node.children, child);
    if (parent !== undefined) return parent;
  }
  return undefined;
}

/** Identifies a row, however often the tree is rebuilt. */
export function rowKey(node: HostNode): string {
  return node.kind === "host" ? `host:${node.host.name}` : `group:${node.path}`;
}

/** Sorts names for people, with numbers in numeric order. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return inOrder.compare(a.name, b.name);
}

/** Every folder path in use, including parents, in order. */
export function groupPaths(hosts: readonly Host[]): readonly string[] {
  const paths = new Set<string>();
  for (const { group } of hosts) {
    const parts = groupParts(group);
    for (const depth of parts.keys()) paths.add(parts.slice(0, depth + 1).join("/"));
  }
  return [...paths].sort(inOrder.compare);
}

function newDraft(name: string, path: string): Draft {
  return { name, path, groups: new Map(), hosts: [] };
}

function subfolder(parent: Draft, name: string): Draft {
  const found = parent.groups.get(name);
  if (found !== undefined) return found;
  const made = newDraft(name, parent.path === "" ? name : `${parent.path}/${name}`);
  parent.groups.set(name, made);
  return made;
}

function finished(draft: Draft): readonly HostNode[] {
  const groups = [...draft.groups.values()].sort(byName);
  return [
    ...groups.map((group) => ({
      kind: "group" as const,
      name: group.name,
      path: group.path,
      children: finished(group),
    })),
    ...leaves(draft.hosts),
  ];
}

function leaves(hosts: readonly Host[]): readonly HostLeaf[] {
  return hosts.toSorted(byName).map((host) => ({ kind: "host", host }));
}
