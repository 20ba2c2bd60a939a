import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import { hostNotes } from "../hosts/host-choice.ts";
import { hostCount } from "../hosts/host-count.ts";
import { byName, groupParts } from "../hosts/host-tree.ts";
import { productionFinder } from "../hosts/production.ts";
import { plainLabel, separator } from "../input/choice.ts";
import { type Answer, type StepFrame, untilAnswered } from "../input/steps.ts";
import { typedTargets } from "./typed-targets.ts";

interface TargetItem extends vscode.QuickPickItem {
  /** In the syntax of a job; typed text may contain several. */
  readonly target?: string;
  readonly isTyped?: true;
}

/** Asks for targets: selected hosts, tags and groups, or typed ones, such as `web[01-20]`. */
export function askTargets(hosts: readonly Host[], frame: StepFrame): Promise<Answer<readonly string[]>> {
  const known = targetItems(hosts);
  const input = vscode.window.createQuickPick<TargetItem>();
  input.canSelectMany = true;
  input.matchOnDescription = true;
  input.placeholder = vscode.l10n.t(
    "Select hosts, tags and groups, or type targets such as web[01-20] or db*",
  );
  input.items = known;
  let typed: readonly TargetItem[] = [];
  return untilAnswered<readonly string[]>(input, frame, (give) => [
    input.onDidChangeValue((text) => {
      const chosen = input.selectedItems;
      typed = typedItems(text, known, chosen);
      const more = [...typed, ...chosen.filter((item) => !known.includes(item) && !typed.includes(item))];
      input.items = [...more, ...known];
      // A list that is replaced loses its selection.
      input.selectedItems = chosen;
    }),
    input.onDidAccept(() => {
      const named = known.filter(({ target }) => target === input.value.trim());
      const chosen = input.selectedItems.length > 0 ? input.selectedItems : [...typed, ...named];
      const targets = chosen.flatMap(({ target, isTyped }) => {
        if (target === undefined) return [];
        return isTyped ? typedTargets(target) : [target];
      });
      if (targets.length > 0) give({ value: targets });
    }),
  ]);
}

function typedItems(
  text: string,
  known: readonly TargetItem[],
  chosen: readonly TargetItem[],
): readonly TargetItem[] {
  const target = text.trim();
  const isKnown = [...known, ...chosen].some((item) => item.target === target);
  if (target === "" || isKnown) return [];
  const description = vscode.l10n.t("as typed");
  return [{ label: plainLabel(target), description, alwaysShow: true, target, isTyped: true }];
}

function targetItems(hosts: readonly Host[]): readonly TargetItem[] {
  const tags = counted(hosts.flatMap((host) => host.tags)).map((entry) => groupItem("tag", entry));
  const groups = counted(hosts.flatMap(({ group }) => withParents(group))).map((entry) =>
    groupItem("group", entry),
  );
  const production = productionFinder(hosts);
  const single = [...hosts].sort(byName).map((host) => ({
    label: plainLabel(host.name),
    description: hostNotes(host, production),
    target: host.name,
  }));
  return [
    ...(groups.length > 0 ? [separator(vscode.l10n.t("groups"))] : []),
    ...groups,
    ...(tags.length > 0 ? [separator(vscode.l10n.t("tags"))] : []),
    ...tags,
    separator(vscode.l10n.t("hosts")),
    ...single,
  ];
}

function groupItem(kind: "tag" | "group", [name, count]: readonly [string, number]): TargetItem {
  return { label: plainLabel(`${kind}:${name}`), description: hostCount(count), target: `${kind}:${name}` };
}

function counted(names: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a.localeCompare(b));
}

/** Returns `a/b` as `a` and `a/b`. */
function withParents(group: string | null): string[] {
  const parts = groupParts(group);
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}
