import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { RunList } from "../runs/run-list.ts";
import { ConnectionTest } from "./connection-test.ts";
import { hostAddress } from "./host-address.ts";
import { askHost } from "./host-choice.ts";
import type { HostForm } from "./host-form.ts";
import type { OwnQuestions } from "../prompts/own-questions.ts";
import { exportHosts } from "./host-export.ts";
import { HostImport } from "./host-import.ts";
import { hostRef, type HostList } from "./host-list.ts";
import { configPlace, openSshConfig } from "./ssh-config-page.ts";

export interface HostCommandParts {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly runs: RunList;
  readonly form: HostForm;
  readonly report: ProblemReport;
  readonly own: OwnQuestions;
  /** Reads the lists, unless they have been read. */
  start(): Promise<void>;
}

/** Commands for a host, from its row or, after a choice, from the palette. */
export class HostCommands {
  readonly #parts: HostCommandParts;
  readonly #import: HostImport;

  constructor(parts: HostCommandParts) {
    this.#parts = parts;
    this.#import = new HostImport(parts.daemon, parts.report, () => this.add());
  }

  /** The host for a command: that of its row, or one that the user chooses. */
  async chosen(row: Host | undefined, title: string): Promise<Host | undefined> {
    if (row !== undefined) return row;
    await this.#parts.start();
    const answer = await askHost(
      {
        placeholder: vscode.l10n.t("Choose a host"),
        hosts: this.#parts.hosts.hosts,
        runs: this.#parts.runs.runs,
      },
      { title, step: 1, totalSteps: 1 },
    );
    if (typeof answer === "string" || answer.value === "several") return undefined;
    return "add" in answer.value ? this.#parts.form.add(answer.value.add) : answer.value;
  }

  async add(): Promise<Host | undefined> {
    await this.#parts.start();
    return this.#parts.form.add();
  }

  async edit(row?: Host): Promise<void> {
    const host = await this.chosen(row, vscode.l10n.t("Edit Host"));
    if (host === undefined) return;
    if (host.id === null) await openSshConfig(host);
    else await this.#parts.form.edit(host);
  }

  async duplicate(row?: Host): Promise<void> {
    const host = await this.chosen(row, vscode.l10n.t("Duplicate Host"));
    if (host !== undefined) await this.#parts.form.duplicate(host);
  }

  async remove(row?: Host): Promise<void> {
    const host = await this.chosen(row, vscode.l10n.t("Delete Host"));
    if (host === undefined) return;
    if (host.id === null) {
      await offerSshConfig(host);
      return;
    }
    const remove = vscode.l10n.t("Delete");
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t('Delete host "{0}"?', host.name),
      { modal: true, detail: afterDelete(host) },
      remove,
    );
    if (answer !== remove) return;
    await this.#parts.report.attempt(vscode.l10n.t("{0} could not be deleted", host.name), () =>
      this.#parts.daemon.call("deleteHost", { params: { host: hostRef(host) } }),
    );
  }

  async copyAddress(row?: Host): Promise<void> {
    const host = await this.chosen(row, vscode.l10n.t("Copy Address"));
    if (host === undefined) return;
    await vscode.env.clipboard.writeText(hostAddress(host));
    vscode.window.setStatusBarMessage(vscode.l10n.t("Copied {0}", hostAddress(host)), 3000);
  }

  async test(row?: Host): Promise<void> {
    const host = await this.chosen(row, vscode.l10n.t("Test Connection"));
    if (host !== undefined) await new ConnectionTest(this.#parts).run(host);
  }

  importSshConfig(): Promise<void> {
    return this.#import.run();
  }

  importFile(): Promise<void> {
    return this.#import.runFromFile();
  }

  async exportHosts(): Promise<void> {
    await this.#parts.start();
    await exportHosts(this.#parts.hosts);
  }
}

/** A host that exists only in the SSH config must be removed there. */
async function offerSshConfig(host: Host): Promise<void> {
  const open = vscode.l10n.t("Open SSH Config");
  const { configAt } = host;
  const place = configAt === null ? "~/.ssh/config" : configPlace(configAt);
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t("{0} is a host in the SSH config. To delete it, remove it from {1}.", host.name, place),
    open,
  );
  if (answer === open) await openSshConfig(host);
}

/** What happens to a host's row and runs when it is deleted. */
function afterDelete({ configAt }: Host): string {
  const runs = vscode.l10n.t("Its runs stay in the history.");
  if (configAt === null) return runs;
  const row = vscode.l10n.t(
    "It stays in the list as a host in the SSH config ({0}), with the marks that it had before it was imported.",
    configPlace(configAt),
  );
  return `${row}\n\n${runs}`;
}
