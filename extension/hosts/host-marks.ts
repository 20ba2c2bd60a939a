import * as vscode from "vscode";
import type { Host, HostPatch } from "../../protocol/host.ts";
import { askChoice, type ChoiceItem } from "../input/choice.ts";
import type { HostEditContext } from "./host-edit-context.ts";
import { hostRef } from "./host-list.ts";
import { askGroup } from "./host-questions.ts";
import { colorPicture, rowColors, type RowColor } from "./theme-color.ts";

/**
 * Fields that can be set for any host, including those of the SSH config: the daemon stores them, and the file is not
 * changed.
 */
export class HostMarks {
  readonly #context: HostEditContext;

  constructor(context: HostEditContext) {
    this.#context = context;
  }

  async setProduction(host: Host, production: boolean): Promise<void> {
    await this.set(host, { production });
  }

  async setFavorite(host: Host, favorite: boolean): Promise<void> {
    await this.set(host, { favorite });
  }

  async askGroup(host: Host): Promise<void> {
    const title = vscode.l10n.t("Group of {0}", host.name);
    const answer = await askGroup(this.#context.hosts.hosts)(host, { title, step: 1, totalSteps: 1 });
    if (typeof answer !== "string") await this.set(host, answer.value);
  }

  async askColor(host: Host): Promise<void> {
    const answer = await askChoice<string>(
      {
        placeholder: vscode.l10n.t("Choose the color of its row"),
        items: [{ label: vscode.l10n.t("No color"), value: "" }, ...colors(host.color)],
        active: (value) => value === (host.color ?? ""),
      },
      { title: vscode.l10n.t("Color of {0}", host.name), step: 1, totalSteps: 1 },
    );
    if (typeof answer !== "string") await this.set(host, { color: answer.value || null });
  }

  /** Reports failures. */
  async set(host: Host, body: HostPatch): Promise<void> {
    await this.#context.report.attempt(vscode.l10n.t("{0} could not be saved", host.name), () =>
      this.#context.daemon.call("updateHost", { params: { host: hostRef(host) }, body }),
    );
  }
}

/**
 * The theme's colours, so that they are readable on its background; for any other, a note names the theme colour that
 * replaces it.
 */
function colors(current: string | null): readonly ChoiceItem<string>[] {
  const labels: Record<RowColor, string> = {
    "charts.red": vscode.l10n.t("Red"),
    "charts.orange": vscode.l10n.t("Orange"),
    "charts.yellow": vscode.l10n.t("Yellow"),
    "charts.green": vscode.l10n.t("Green"),
    "charts.blue": vscode.l10n.t("Blue"),
    "charts.purple": vscode.l10n.t("Purple"),
  };
  const entry = (value: string, label: string): ChoiceItem<string> => ({
    label,
    value,
    iconPath: vscode.Uri.parse(colorPicture(value)),
  });
  const isExact = current?.startsWith("#") === true;
  const exact = isExact
    ? [{ ...entry(current, current), description: vscode.l10n.t("shown in the theme's nearest color") }]
    : [];
  return [...exact, ...rowColors.map((name) => entry(name, labels[name]))];
}
