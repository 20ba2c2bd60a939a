import * as vscode from "vscode";
import { askChoice, plainLabel, separator, type ChoiceItem } from "../input/choice.ts";
import { askText } from "../input/text-input.ts";
import type { HostList } from "../hosts/host-list.ts";
import { byName } from "../hosts/host-tree.ts";
import { oneLine } from "../plain-text.ts";
import type { RunFilter } from "./run-filter.ts";
import type { RunSearch } from "./run-search.ts";

/** Asks which runs the Runs view is to show, and says above them which it does. */
export class RunSearchCommands {
  readonly #search: RunSearch;
  readonly #hosts: HostList;

  constructor(search: RunSearch, hosts: HostList) {
    this.#search = search;
    this.#hosts = hosts;
  }

  async search(): Promise<void> {
    const { filter } = this.#search;
    const answer = await askText(
      {
        prompt: vscode.l10n.t("Search runs by command, host and output. Empty: every run"),
        value: filter?.text ?? "",
        problem: (text) =>
          text.length > 1024 ? vscode.l10n.t("Must be at most {0} characters", 1024) : undefined,
      },
      { title: vscode.l10n.t("Search Runs"), step: 1, totalSteps: 1 },
    );
    if (typeof answer === "string") return;
    await this.#search.show({ ...filter, text: answer.value === "" ? undefined : answer.value });
  }

  async filter(): Promise<void> {
    const { filter } = this.#search;
    const hosts = this.#hosts.hosts.toSorted(byName).map(({ name }) => ({
      label: `$(server) ${plainLabel(name)}`,
      value: { host: name },
    }));
    const items: ChoiceItem<RunFilter>[] = [
      { label: vscode.l10n.t("Every run"), value: {} },
      { label: `$(play-circle) ${vscode.l10n.t("Running")}`, value: { state: "running" } },
      { label: `$(error) ${vscode.l10n.t("Failed")}`, value: { state: "failed" } },
      { label: `$(pass) ${vscode.l10n.t("Succeeded")}`, value: { state: "succeeded" } },
      ...(hosts.length > 0 ? [separator(vscode.l10n.t("on a host"))] : []),
      ...hosts,
    ];
    const answer = await askChoice<RunFilter>(
      {
        placeholder: vscode.l10n.t("Choose which runs to show"),
        items,
        active: (value) =>
          value.state !== undefined ? value.state === filter?.state : value.host === filter?.host,
      },
      { title: vscode.l10n.t("Filter Runs"), step: 1, totalSteps: 1 },
    );
    if (typeof answer === "string") return;
    const chosen = answer.value;
    const isAll = chosen.state === undefined && chosen.host === undefined;
    await this.#search.show(isAll ? undefined : { ...filter, ...chosen });
  }

  async clear(): Promise<void> {
    await this.#search.show(undefined);
  }

  follow(tree: Pick<vscode.TreeView<unknown>, "description">): vscode.Disposable {
    return this.#search.onDidChange(() => {
      tree.description = filterWords(this.#search.filter);
    });
  }
}

function filterWords(filter: RunFilter | undefined): string {
  const states = {
    running: vscode.l10n.t("running"),
    failed: vscode.l10n.t("failed"),
    succeeded: vscode.l10n.t("succeeded"),
  };
  const parts = [
    ...(filter?.text === undefined ? [] : [`“${oneLine(filter.text)}”`]),
    ...(filter?.state === undefined ? [] : [states[filter.state]]),
    ...(filter?.host === undefined ? [] : [oneLine(filter.host)]),
  ];
  return parts.join(" · ");
}
