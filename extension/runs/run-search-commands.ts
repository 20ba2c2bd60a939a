import * as vscode from "vscode";
import { askChoice, plainLabel, separator, type ChoiceItem } from "../input/choice.ts";
import { askText } from "../input/text-input.ts";
import type { HostList } from "../hosts/host-list.ts";
import { byName } from "../hosts/host-tree.ts";
import { oneLine } from "../plain-text.ts";
import { parseRunSearch, withRunFilter } from "../../protocol/run-search.ts";
import type { RunSearch } from "./run-search.ts";

/** Asks which runs the Runs view should show, and shows the search above them. */
export class RunSearchCommands {
  readonly #search: RunSearch;
  readonly #hosts: HostList;

  constructor(search: RunSearch, hosts: HostList) {
    this.#search = search;
    this.#hosts = hosts;
  }

  async search(): Promise<void> {
    const answer = await askText(
      {
        prompt: vscode.l10n.t(
          "Search runs by command, host, output and note, and by filters such as host:web1, !host:web2, exit:!0, is:failed, since:yesterday and pinned:yes; empty to show every run",
        ),
        placeholder: vscode.l10n.t('host:web1 is:failed since:"2 days ago" no space left'),
        value: this.#search.text,
        problem: (text) => parseRunSearch(text).problem,
      },
      { title: vscode.l10n.t("Search Runs"), step: 1, totalSteps: 1 },
    );
    if (typeof answer === "string") return;
    await this.#search.show(answer.value);
    // A failed search has been reported already.
    const host = await this.#search.unknownHost().catch(() => undefined);
    if (host === undefined) return;
    const none = vscode.l10n.t("There is no host named {0}, and no run on it is kept.", oneLine(host));
    void vscode.window.showInformationMessage(none);
  }

  /** Changes one filter of the current search and keeps the rest. */
  async filter(): Promise<void> {
    const { text } = this.#search;
    const now = parseRunSearch(text).filters ?? {};
    const hosts = this.#hosts.hosts.toSorted(byName).map(({ name }) => ({
      label: `$(server) ${plainLabel(name)}`,
      value: { name: "host", value: name },
    }));
    const items: ChoiceItem<ChosenFilter>[] = [
      { label: vscode.l10n.t("Every run"), value: everyRun },
      { label: `$(play-circle) ${vscode.l10n.t("Running")}`, value: { name: "is", value: "running" } },
      { label: `$(error) ${vscode.l10n.t("Failed")}`, value: { name: "is", value: "failed" } },
      { label: `$(pass) ${vscode.l10n.t("Succeeded")}`, value: { name: "is", value: "succeeded" } },
      { label: `$(calendar) ${vscode.l10n.t("Today")}`, value: { name: "since", value: "today" } },
      {
        label: `$(calendar) ${vscode.l10n.t("Since yesterday")}`,
        value: { name: "since", value: "yesterday" },
      },
      ...(hosts.length > 0 ? [separator(vscode.l10n.t("on a host"))] : []),
      ...hosts,
    ];
    const answer = await askChoice<ChosenFilter>(
      {
        placeholder: vscode.l10n.t("Choose which runs to show"),
        items,
        active: ({ name, value }) => (name === "is" ? now.is : name === "host" ? now.host : "") === value,
      },
      { title: vscode.l10n.t("Filter Runs"), step: 1, totalSteps: 1 },
    );
    if (typeof answer === "string") return;
    const chosen = answer.value;
    await this.#search.show(chosen === everyRun ? "" : withRunFilter(text, chosen.name, chosen.value));
  }

  async clear(): Promise<void> {
    await this.#search.show("");
  }

  follow(tree: Pick<vscode.TreeView<unknown>, "description">): vscode.Disposable {
    return this.#search.onDidChange(() => {
      tree.description = oneLine(this.#search.text);
    });
  }
}

interface ChosenFilter {
  readonly name: string;
  readonly value: string;
}

const everyRun: ChosenFilter = { name: "", value: "" };
