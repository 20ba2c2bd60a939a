import * as vscode from "vscode";
import { askText } from "../input/text-input.ts";
import { oneLine } from "../plain-text.ts";

const maxLength = 255;

/** The filter of the Hosts view: asks for it, and shows it above the tree. */
export class HostFilter implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  #text = "";

  readonly onDidChange = this.#changed.event;

  /** Empty: every host is shown. */
  get text(): string {
    return this.#text;
  }

  async ask(): Promise<void> {
    const answer = await askText(
      {
        prompt: vscode.l10n.t(
          "Filter hosts by name, address, user, group and tags; empty to show every host",
        ),
        value: this.#text,
        problem: (text) =>
          text.length > maxLength ? vscode.l10n.t("Must be at most {0} characters", maxLength) : undefined,
      },
      { title: vscode.l10n.t("Filter Hosts"), step: 1, totalSteps: 1 },
    );
    if (typeof answer !== "string") this.show(answer.value);
  }

  clear(): void {
    this.show("");
  }

  show(text: string): void {
    this.#text = text;
    this.#changed.fire();
  }

  follow(tree: Pick<vscode.TreeView<unknown>, "description">): vscode.Disposable {
    return this.#changed.event(() => {
      tree.description = this.#text === "" ? "" : `“${oneLine(this.#text)}”`;
    });
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
