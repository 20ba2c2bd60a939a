import * as vscode from "vscode";
import type { GroupCommands } from "./group-commands.ts";
import type { HostList } from "./host-list.ts";
import type { HostMarks } from "./host-marks.ts";
import { groupParts, type HostNode, rowKey } from "./host-tree.ts";

const mimeType = "application/vnd.code.tree.hostrun.hosts";

export interface HostDragParts {
  readonly hosts: Pick<HostList, "hosts">;
  readonly marks: Pick<HostMarks, "set">;
  readonly groups: Pick<GroupCommands, "moveInto">;
}

/** Drags hosts and groups into another group, or out of all groups. */
export class HostDrag implements vscode.TreeDragAndDropController<HostNode> {
  readonly dragMimeTypes = [mimeType];
  readonly dropMimeTypes = [mimeType];
  readonly #parts: HostDragParts;

  constructor(parts: HostDragParts) {
    this.#parts = parts;
  }

  handleDrag(source: readonly HostNode[], data: vscode.DataTransfer): void {
    data.set(mimeType, new vscode.DataTransferItem(source.map(rowKey).join("\n")));
  }

  async handleDrop(target: HostNode | undefined, data: vscode.DataTransfer): Promise<void> {
    const { hosts, marks, groups } = this.#parts;
    const into = groupOf(target);
    const dragged = new Set((await data.get(mimeType)?.asString())?.split("\n"));
    const moved = hosts.hosts.filter(
      (host) => dragged.has(rowKey({ kind: "host", host })) && !isIn(into, host.group),
    );
    const paths = [...dragged].flatMap((key) => /^group:(.+)$/.exec(key)?.[1] ?? []);
    await Promise.all([
      ...moved.map((host) => marks.set(host, { group: into.join("/") || null })),
      ...paths.map((path) => groups.moveInto(path, into)),
    ]);
  }
}

/** The group that a row is dropped into: on a host it is the host's. */
function groupOf(target: HostNode | undefined): readonly string[] {
  if (target === undefined) return [];
  return groupParts(target.kind === "group" ? target.path : target.host.group);
}

function isIn(parts: readonly string[], group: string | null): boolean {
  return parts.join("/") === groupParts(group).join("/");
}
