import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { Run } from "../../protocol/run.ts";
import { askChoice, plainLabel, separator, type ChoiceItem } from "../input/choice.ts";
import type { Answer, StepFrame } from "../input/steps.ts";
import { hostAddress } from "./host-address.ts";
import { byName } from "./host-tree.ts";

/** How many hosts stand above the others as recent. */
const recentHosts = 5;

export interface HostChoice {
  readonly placeholder: string;
  readonly hosts: readonly Host[];
  /** Newest first. */
  readonly runs: readonly Run[];
  /** The one that was chosen before, on the way back. */
  readonly chosen?: Host | undefined;
}

/** Asks for a host, recent ones first; "add" is the entry that makes a new one. */
export function askHost(choice: HostChoice, frame: StepFrame): Promise<Answer<Host | "add">> {
  const recent = recentOf(choice.hosts, choice.runs);
  const others = choice.hosts.filter((host) => !recent.includes(host)).sort(byName);
  const items: ChoiceItem<Host | "add">[] = [
    ...(recent.length > 0 ? [separator(vscode.l10n.t("recent"))] : []),
    ...recent.map(hostEntry),
    ...(others.length > 0 ? [separator(vscode.l10n.t("hosts"))] : []),
    ...others.map(hostEntry),
    separator(""),
    { label: `$(add) ${vscode.l10n.t("Add host…")}`, value: "add", alwaysShow: true },
  ];
  return askChoice(
    {
      placeholder: choice.placeholder,
      items,
      active: (value) => value !== "add" && value.name === choice.chosen?.name,
    },
    frame,
  );
}

function recentOf(hosts: readonly Host[], runs: readonly Run[]): readonly Host[] {
  const known = new Map(hosts.map((host) => [host.name, host]));
  const names = new Set(runs.map((run) => run.host.name));
  return [...names].flatMap((name) => known.get(name) ?? []).slice(0, recentHosts);
}

function hostEntry(host: Host): ChoiceItem<Host> {
  const notes = [
    hostAddress(host),
    ...(host.production ? [vscode.l10n.t("production")] : []),
    ...(host.group === null ? [] : [host.group]),
    ...(host.id === null ? [vscode.l10n.t("SSH config")] : []),
  ];
  return { label: plainLabel(host.name), description: plainLabel(notes.join(" · ")), value: host };
}
