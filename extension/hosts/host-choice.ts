import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { Run } from "../../protocol/run.ts";
import { askChoice, plainLabel, separator, type ChoiceItem } from "../input/choice.ts";
import type { Answer, StepFrame } from "../input/steps.ts";
import { hostAddress } from "./host-address.ts";
import { byName } from "./host-tree.ts";
import { type ProductionFinder, productionFinder } from "./production.ts";
import { unsavedHost } from "./unsaved-host.ts";

/** The number of hosts listed first as recent. */
const recentHosts = 5;

export interface HostChoice {
  readonly placeholder: string;
  readonly hosts: readonly Host[];
  /** Newest first. */
  readonly runs: readonly Run[];
  /** The host chosen before, when the user comes back to this step. */
  readonly chosen?: Host | undefined;
  /** Whether several hosts may be chosen instead. */
  readonly several?: boolean;
  /** Whether the address of an unsaved host may be chosen. */
  readonly unsaved?: boolean;
  /** false: no host is highlighted at first, since choosing one runs something. */
  readonly preselects?: boolean;
  /** Called with the highlighted host, whether or not it is chosen in the end. */
  readonly considered?: (host: Host | undefined) => void;
}

/** A host is to be added: with this address, as far as one was typed. */
export interface AddHost {
  readonly add: string;
}

/** Several hosts are to be chosen. */
export type SeveralHosts = "several";

/** Asks for a host, recent ones first; the last entry adds one. */
export async function askHost(
  choice: HostChoice,
  frame: StepFrame,
): Promise<Answer<Host | AddHost | SeveralHosts>> {
  const recent = recentOf(choice.hosts, choice.runs);
  const production = productionFinder(choice.hosts);
  const hostEntry = (host: Host): ChoiceItem<Host> => entryOf(host, production);
  const others = choice.hosts.filter((host) => !recent.includes(host)).sort(byName);
  const several = `$(server-environment) ${vscode.l10n.t("Run on Several Hosts…")}`;
  const items: ChoiceItem<Host | AddHost | SeveralHosts>[] = [
    ...(recent.length > 0 ? [separator(vscode.l10n.t("recent"))] : []),
    ...recent.map(hostEntry),
    ...(others.length > 0 ? [separator(vscode.l10n.t("hosts"))] : []),
    ...others.map(hostEntry),
    separator(""),
    ...(choice.several === true && choice.hosts.length > 0
      ? [{ label: several, value: "several" as const, alwaysShow: true }]
      : []),
    { label: `$(add) ${vscode.l10n.t("Add Host…")}`, value: { add: "" }, alwaysShow: true },
  ];
  let text = "";
  const answer = await askChoice<Host | AddHost | SeveralHosts>(
    {
      placeholder: choice.placeholder,
      items,
      preselects: choice.preselects ?? true,
      active: (value) => typeof value === "object" && "name" in value && value.name === choice.chosen?.name,
      onActive: (value) =>
        choice.considered?.(typeof value === "object" && "name" in value ? value : undefined),
      keep: (typed) => {
        text = typed;
      },
      typed: (typed) => (choice.unsaved === true ? typedEntry(choice.hosts, typed, production) : undefined),
    },
    frame,
  );
  if (typeof answer === "string" || typeof answer.value === "string" || "name" in answer.value) return answer;
  return { value: { add: text.trim() } };
}

/** An entry for the typed address: a known host under another name, or one that can be run on without being saved. */
function typedEntry(
  hosts: readonly Host[],
  text: string,
  production: ProductionFinder,
): ChoiceItem<Host> | undefined {
  const typed = text.trim();
  if (hosts.some(({ name }) => name === typed)) return undefined;
  const host = unsavedHost(hosts, typed);
  if (host === undefined) return undefined;
  if (hosts.includes(host)) return { ...entryOf(host, production), alwaysShow: true };
  const notes = [...productionLabels(host, production), vscode.l10n.t("not saved")];
  return { label: plainLabel(host.name), description: notes.join(" · "), alwaysShow: true, value: host };
}

function recentOf(hosts: readonly Host[], runs: readonly Run[]): readonly Host[] {
  const known = new Map(hosts.map((host) => [host.name, host]));
  const names = new Set(runs.map((run) => run.host.name));
  return [...names].flatMap((name) => known.get(name) ?? []).slice(0, recentHosts);
}

function entryOf(host: Host, production: ProductionFinder): ChoiceItem<Host> {
  return { label: plainLabel(host.name), description: hostNotes(host, production), value: host };
}

/** What is shown beside a host's name in a list to choose from. */
export function hostNotes(host: Host, production: ProductionFinder): string {
  const notes = [
    ...productionLabels(host, production),
    hostAddress(host),
    ...(host.group === null ? [] : [host.group]),
    ...(host.id === null ? [vscode.l10n.t("SSH config")] : []),
  ];
  return plainLabel(notes.join(" · "));
}

function productionLabels(host: Host, production: ProductionFinder): string[] {
  return production(host) === undefined ? [] : [vscode.l10n.t("production")];
}
