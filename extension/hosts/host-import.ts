import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import type * as z from "zod";
import { readRegularFile } from "../../client/regular-file.ts";
import { parseExport } from "../../protocol/host-export.ts";
import type { Host } from "../../protocol/host.ts";
import {
  type HostChange,
  type ImportRequest,
  type ImportResult,
  requireImportable,
} from "../../protocol/host-import.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { plainLabel, separator } from "../input/choice.ts";
import { linkless, oneLine } from "../plain-text.ts";
import type { ProblemReport } from "../problem-report.ts";
import { hostAddress } from "./host-address.ts";
import { homePath } from "./ssh-config-page.ts";

type Request = z.input<typeof ImportRequest>;

const maxFileBytes = 16 * 2 ** 20;

/** A source of hosts: its part of the API's request, and its name for the user. */
interface Source {
  readonly body: Pick<Request, "source" | "path" | "hosts">;
  readonly shown: string;
}

const ownConfig: Source = { body: { source: "ssh_config" }, shown: "~/.ssh/config" };

/** Imports the hosts that the user chooses from an SSH config file or an export. */
export class HostImport {
  readonly #daemon: Daemon;
  readonly #report: ProblemReport;
  readonly #addHost: () => unknown;

  constructor(daemon: Daemon, report: ProblemReport, addHost: () => unknown) {
    this.#daemon = daemon;
    this.#report = report;
    this.#addHost = addHost;
  }

  /** Imports from ~/.ssh/config. */
  run(): Promise<void> {
    return this.#runFrom(ownConfig);
  }

  /** Imports from a file that the user chooses: an SSH config, or an export. */
  async runFromFile(): Promise<void> {
    const [file] =
      (await vscode.window.showOpenDialog({
        title: vscode.l10n.t("Choose an SSH config file, or exported hosts"),
        openLabel: vscode.l10n.t("Import"),
        defaultUri: vscode.Uri.file(join(homedir(), ".ssh")),
      })) ?? [];
    if (file === undefined) return;
    const source = await this.#report.attempt(vscode.l10n.t("The file could not be read"), () =>
      sourceOf(file.fsPath),
    );
    if (source !== undefined) await this.#runFrom(source);
  }

  async #runFrom({ body, shown }: Source): Promise<void> {
    const found = await this.#call({ ...body, dryRun: true, update: true });
    if (found === undefined) return;
    if (found === "none") return this.#offerMore(shown);
    if (found.imported.length + found.updated.length === 0) {
      return tellResult(vscode.l10n.t("There is nothing new to import from {0}.", shown), found);
    }
    const names = await chooseHosts(found, shown);
    if (names === undefined || names.length === 0) return;
    const result = await this.#call({ ...body, names, update: true });
    if (result === undefined || result === "none") return;
    await tellResult(importedLabel(result), { skipped: [...found.skipped, ...result.skipped] });
  }

  /** "none": there is no such file, or it contains no hosts. */
  #call(body: Request): Promise<ImportResult | "none" | undefined> {
    return this.#report.attempt(vscode.l10n.t("The hosts could not be imported"), async () => {
      try {
        return await this.#daemon.call("importHosts", { body });
      } catch (failure) {
        if (failure instanceof Problem && failure.code === "not_found") return "none";
        throw failure;
      }
    });
  }

  async #offerMore(shown: string): Promise<void> {
    const choose = vscode.l10n.t("Choose File…");
    const add = vscode.l10n.t("Add Host");
    const text = linkless(oneLine(vscode.l10n.t("No hosts found in {0}.", shown)));
    const answer = await vscode.window.showInformationMessage(text, choose, add);
    if (answer === add) await this.#addHost();
    if (answer === choose) await this.runFromFile();
  }
}

async function sourceOf(path: string): Promise<Source> {
  const hosts = parseExport(await readRegularFile(path, maxFileBytes));
  if (hosts !== undefined) requireImportable(hosts, homePath(path));
  const body =
    hosts === undefined ? { source: "ssh_config" as const, path } : { source: "hosts" as const, hosts };
  return { body, shown: homePath(path) };
}

interface HostEntry extends vscode.QuickPickItem {
  readonly name?: string;
}

/** New hosts are selected initially, changed ones are not. Undefined if the user cancels. */
async function chooseHosts(
  { imported, updated, same }: ImportResult,
  file: string,
): Promise<string[] | undefined> {
  const items: HostEntry[] = [
    ...section(vscode.l10n.t("new"), imported.map(newEntry)),
    ...section(
      vscode.l10n.t("changed: importing updates the saved host"),
      updated.map(({ host, changes }) => changedEntry(host, changes)),
    ),
    ...section(
      vscode.l10n.t("the same"),
      same.map((name) => ({ label: plainLabel(name), name })),
    ),
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t("Import Hosts"),
    placeHolder: vscode.l10n.t("Choose the hosts to import from {0}", file),
    canPickMany: true,
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  return chosen?.flatMap(({ name }) => name ?? []);
}

function section(label: string, entries: readonly HostEntry[]): readonly HostEntry[] {
  return entries.length === 0 ? [] : [separator(label), ...entries];
}

function newEntry(host: Host): HostEntry {
  const jump = host.jump.slice(0, 1).map((hop) => vscode.l10n.t("Jump host: {0}", hop));
  const description = plainLabel([hostAddress(host), ...jump].join(" · "));
  return { label: plainLabel(host.name), description, name: host.name, picked: true };
}

function changedEntry(host: Host, changes: readonly HostChange[]): HostEntry {
  const words = changes.map(({ field, from, to }) => `${field}: ${valueLabel(from)} → ${valueLabel(to)}`);
  return { label: plainLabel(host.name), description: plainLabel(words.join(" · ")), name: host.name };
}

function valueLabel(value: HostChange["from"]): string {
  return value === null || (Array.isArray(value) && value.length === 0)
    ? vscode.l10n.t("none")
    : String(value);
}

function importedLabel({ imported, updated }: ImportResult): string {
  const [count, changed] = [imported.length, updated.length];
  const message =
    count === 1 ? vscode.l10n.t("Imported 1 host.") : vscode.l10n.t("Imported {0} hosts.", count);
  if (changed === 0) return message;
  const also =
    changed === 1 ? vscode.l10n.t("Changed 1 host.") : vscode.l10n.t("Changed {0} hosts.", changed);
  return count === 0 ? also : `${message} ${also}`;
}

async function tellResult(text: string, { skipped }: Pick<ImportResult, "skipped">): Promise<void> {
  const show = vscode.l10n.t("Show Skipped");
  const message = linkless(oneLine(text));
  const answer = await vscode.window.showInformationMessage(message, ...(skipped.length > 0 ? [show] : []));
  if (answer !== show) return;
  const detail = skipped.map(({ name, reason }) => `${oneLine(name)}: ${reason}`).join("\n");
  await vscode.window.showInformationMessage(vscode.l10n.t("Skipped"), { modal: true, detail });
}
