import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import { askText } from "../input/text-input.ts";
import type { HostList } from "./host-list.ts";
import type { HostMarks } from "./host-marks.ts";
import { groupProblem } from "./host-questions.ts";
import { groupParts } from "./host-tree.ts";

/** Commands for a group of the tree, which exists for as long as a host names it. */
export class GroupCommands {
  readonly #hosts: HostList;
  readonly #marks: HostMarks;
  readonly #addHost: () => Promise<Host | undefined>;

  constructor(hosts: HostList, marks: HostMarks, addHost: () => Promise<Host | undefined>) {
    this.#hosts = hosts;
    this.#marks = marks;
    this.#addHost = addHost;
  }

  async addHost(path: string): Promise<void> {
    const host = await this.#addHost();
    if (host !== undefined && host.group === null) await this.#marks.set(host, { group: path });
  }

  async rename(path: string): Promise<void> {
    const answer = await askText(
      {
        prompt: vscode.l10n.t("Name of the group: a folder in the tree, such as prod/web"),
        value: path,
        problem: (text) => groupProblem(groupParts(text).join("/")),
      },
      { title: vscode.l10n.t("Rename Group {0}", path), step: 1, totalSteps: 1 },
    );
    if (typeof answer !== "string") await this.#move(path, groupParts(answer.value));
  }

  /** Its hosts and groups move up one level. */
  async remove(path: string): Promise<void> {
    const count = this.#within(path).length;
    const remove = vscode.l10n.t("Remove Group");
    const parent = groupParts(path).slice(0, -1);
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t('Remove the group "{0}"?', path),
      {
        modal: true,
        detail:
          parent.length === 0
            ? vscode.l10n.t("No host is deleted. Hosts that move out of it: {0}.", count)
            : vscode.l10n.t("No host is deleted. Hosts that move to {0}: {1}.", parent.join("/"), count),
      },
      remove,
    );
    if (answer === remove) await this.#move(path, parent);
  }

  /** Moves the group with its content; never into itself. */
  async moveInto(path: string, into: readonly string[]): Promise<void> {
    const parts = groupParts(path);
    const name = parts.at(-1);
    const isWithin = parts.every((part, at) => into[at] === part);
    if (name === undefined || isWithin || parts.slice(0, -1).join("/") === into.join("/")) return;
    await this.#move(path, [...into, name]);
  }

  #within(path: string): readonly Host[] {
    const parts = groupParts(path);
    return this.#hosts.hosts.filter(({ group }) => {
      const own = groupParts(group);
      return parts.every((part, at) => own[at] === part);
    });
  }

  async #move(path: string, to: readonly string[]): Promise<void> {
    const depth = groupParts(path).length;
    const moves = this.#within(path).map((host) => {
      const group = [...to, ...groupParts(host.group).slice(depth)].join("/") || null;
      return this.#marks.set(host, { group });
    });
    await Promise.all(moves);
  }
}
