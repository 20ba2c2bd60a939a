import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Host, ImportResult } from "../../protocol/host.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { plainLabel } from "../input/choice.ts";
import { linkless, oneLine } from "../plain-text.ts";
import type { ProblemReport } from "../problem-report.ts";
import { hostAddress } from "./host-address.ts";
import { homePath } from "./ssh-config-page.ts";

/** Takes hosts of an SSH config file over, those that the person chooses. */
export class HostImport {
  readonly #daemon: Daemon;
  readonly #report: ProblemReport;
  readonly #addHost: () => unknown;

  constructor(daemon: Daemon, report: ProblemReport, addHost: () => unknown) {
    this.#daemon = daemon;
    this.#report = report;
    this.#addHost = addHost;
  }

  /** `path`: of another file than ~/.ssh/config. */
  async run(path?: string): Promise<void> {
    const found = await this.#call({ dryRun: true }, path);
    if (found === undefined) return;
    if (found === "none") return this.#offerMore(path);
    const shown = path === undefined ? "~/.ssh/config" : homePath(path);
    if (found.imported.length === 0) {
      return tellResult(vscode.l10n.t("There is nothing new to import from {0}.", shown), found);
    }
    const names = await chooseHosts(found.imported, shown);
    if (names === undefined || names.length === 0) return;
    const result = await this.#call({ names }, path);
    if (result === undefined || result === "none") return;
    const count = result.imported.length;
    const told =
      count === 1 ? vscode.l10n.t("Imported 1 host.") : vscode.l10n.t("Imported {0} hosts.", count);
    const skipped = [...found.skipped, ...result.skipped];
    await tellResult(told, { skipped });
  }

  /** "none": there is no such file, or no host in it. */
  #call(
    body: { readonly dryRun?: boolean; readonly names?: string[] },
    path: string | undefined,
  ): Promise<ImportResult | "none" | undefined> {
    const request = { source: "ssh_config" as const, ...body, ...(path === undefined ? {} : { path }) };
    return this.#report.attempt(vscode.l10n.t("The SSH config could not be imported"), async () => {
      try {
        return await this.#daemon.call("importHosts", { body: request });
      } catch (failure) {
        if (failure instanceof Problem && failure.code === "not_found") return "none";
        throw failure;
      }
    });
  }

  async #offerMore(path: string | undefined): Promise<void> {
    const shown = path === undefined ? "~/.ssh/config" : homePath(path);
    const choose = vscode.l10n.t("Choose file…");
    const add = vscode.l10n.t("Add host");
    const text = linkless(oneLine(vscode.l10n.t("No hosts found in {0}.", shown)));
    const answer = await vscode.window.showInformationMessage(text, choose, add);
    if (answer === add) await this.#addHost();
    if (answer !== choose) return;
    const [file] =
      (await vscode.window.showOpenDialog({
        title: vscode.l10n.t("Choose an SSH config file"),
        openLabel: vscode.l10n.t("Import"),
        defaultUri: vscode.Uri.file(join(homedir(), ".ssh")),
      })) ?? [];
    if (file !== undefined) await this.run(file.fsPath);
  }
}

/** undefined: the person left. */
async function chooseHosts(hosts: readonly Host[], file: string): Promise<string[] | undefined> {
  const items = hosts.map((host) => ({
    label: plainLabel(host.name),
    description: plainLabel([hostAddress(host), ...host.jump.slice(0, 1).map(byWayOf)].join(" · ")),
    name: host.name,
    picked: true,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t("Import from SSH Config"),
    placeHolder: vscode.l10n.t("Choose the hosts to import from {0}", file),
    canPickMany: true,
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  return chosen?.map(({ name }) => name);
}

function byWayOf(jump: string): string {
  return vscode.l10n.t("Jump host: {0}", jump);
}

async function tellResult(text: string, { skipped }: Pick<ImportResult, "skipped">): Promise<void> {
  const show = vscode.l10n.t("Show skipped");
  const told = linkless(oneLine(text));
  const answer = await vscode.window.showInformationMessage(told, ...(skipped.length > 0 ? [show] : []));
  if (answer !== show) return;
  const detail = skipped.map(({ name, reason }) => `${oneLine(name)}: ${reason}`).join("\n");
  await vscode.window.showInformationMessage(vscode.l10n.t("Skipped"), { modal: true, detail });
}
