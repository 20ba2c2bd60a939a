import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { HostList } from "../hosts/host-list.ts";
import { linkless, shortened } from "../plain-text.ts";
import type { RunList } from "./run-list.ts";

/** Offers to save an unsaved host on which a command was run, once it has been reached; only once per host. */
export class SaveOffer {
  readonly #hosts: HostList;
  readonly #runs: RunList;
  readonly #addHost: (text: string) => Promise<unknown>;
  readonly #offered = new Set<string>();

  constructor(hosts: HostList, runs: RunList, addHost: (text: string) => Promise<unknown>) {
    this.#hosts = hosts;
    this.#runs = runs;
    this.#addHost = addHost;
  }

  /**
   * Asks once `ready` has resolved. Resolves when the user has answered, or when there is nothing (more) to ask.
   */
  async offer({ name }: Host, runId: string, ready: Promise<void>): Promise<void> {
    if (this.#hosts.named(name) !== undefined || this.#offered.has(name)) return;
    this.#offered.add(name);
    if (!(await this.#reached(runId))) {
      this.#offered.delete(name);
      return;
    }
    await ready;
    const save = vscode.l10n.t("Save Host");
    const text = vscode.l10n.t("{0} is not a saved host.", linkless(shortened(name, 200)));
    if ((await vscode.window.showInformationMessage(text, save)) === save) await this.#addHost(name);
  }

  /** Whether the command started on the host; never resolves if the run is deleted before. */
  #reached(runId: string): Promise<boolean> {
    return new Promise((resolve) => {
      const look = (): void => {
        const run = this.#runs.find(runId);
        if (run === undefined || run.state === "queued" || run.state === "connecting") return;
        subscription.dispose();
        resolve(run.startedAt !== null && run.outcome !== "failed");
      };
      const subscription = this.#runs.onDidChange(look);
      look();
    });
  }
}
