import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import { type Key, type KeyInstallation, NewKey } from "../../protocol/key.ts";
import type { KnownHost } from "../../protocol/known-host.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { HostCommands } from "../hosts/host-commands.ts";
import { homePath, openAt } from "../hosts/ssh-config-page.ts";
import { plainLabel } from "../input/choice.ts";
import { schemaProblem } from "../input/text-input.ts";
import { oneLine } from "../plain-text.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { OwnQuestions } from "../prompts/own-questions.ts";
import { agentSocket, asking } from "../runs/runner.ts";

export interface KeyCommandParts {
  readonly daemon: Daemon;
  readonly report: ProblemReport;
  readonly own: OwnQuestions;
  readonly hostCommands: Pick<HostCommands, "chosen">;
}

/** What the palette does with host keys on record and with the person's own keys. */
export class KeyCommands {
  readonly #parts: KeyCommandParts;

  constructor(parts: KeyCommandParts) {
    this.#parts = parts;
  }

  /** Leads to the line of a file that is only read; one of Hostrun's own can be forgotten. */
  async showKnownHosts(): Promise<void> {
    const { items } = await this.#parts.daemon.call("listKnownHosts");
    if (items.length === 0) {
      await vscode.window.showInformationMessage(vscode.l10n.t("No host keys are on record."));
      return;
    }
    const chosen = await vscode.window.showQuickPick(items.map(knownHostEntry), {
      title: vscode.l10n.t("Known Hosts"),
      placeHolder: vscode.l10n.t("Choose a host key to open its file or to forget it"),
      matchOnDescription: true,
      matchOnDetail: true,
    });
    if (chosen === undefined) return;
    if (chosen.known.readOnly) await openAt(chosen.known);
    else await this.#forget(chosen.known);
  }

  async makeKey(): Promise<void> {
    const title = vscode.l10n.t("Make SSH Key");
    const { name: nameSchema } = NewKey.shape;
    const name = await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t("Name of its file in ~/.ssh. A file that is there is never written over."),
      value: "id_ed25519",
      validateInput: (text) => schemaProblem(nameSchema, text.trim()),
    });
    if (name === undefined) return;
    const passphrase = await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t("Passphrase that encrypts it; empty for none. Hostrun does not keep it."),
      password: true,
      ignoreFocusOut: true,
    });
    if (passphrase === undefined || !(await this.#isRepeated(title, passphrase))) return;
    await this.#parts.report.attempt(vscode.l10n.t("The key could not be made"), async () => {
      const made = await this.#parts.daemon.call("createKey", { body: { name: name.trim(), passphrase } });
      const install = vscode.l10n.t("Install on Host…");
      const told = vscode.l10n.t("Made {0} ({1}).", homePath(made.path ?? ""), made.fingerprint);
      if ((await vscode.window.showInformationMessage(told, install)) === install)
        await this.installKey(made);
    });
  }

  async installKey(key?: Key): Promise<void> {
    const { report, hostCommands } = this.#parts;
    const which = key ?? (await this.#chooseKey());
    const host =
      which === undefined
        ? undefined
        : await hostCommands.chosen(undefined, vscode.l10n.t("Install SSH Key"));
    if (which === undefined || host === undefined) return;
    await report.attempt(vscode.l10n.t("The key could not be installed on {0}", host.name), async () => {
      const done = await this.#install(which, host);
      const told = done.added
        ? vscode.l10n.t("{0} can log in as {1} now.", oneLine(which.comment ?? which.fingerprint), done.login)
        : vscode.l10n.t("The key was there already: it can log in as {0}.", done.login);
      void vscode.window.showInformationMessage(told);
    });
  }

  /** What the login takes is asked at this window. */
  #install({ id }: Key, { name }: Host): Thenable<KeyInstallation> {
    const { daemon, own } = this.#parts;
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t("Installing the key on {0}", name),
      cancellable: true,
    };
    return vscode.window.withProgress(options, (_progress, cancelled) => {
      const left = new AbortController();
      cancelled.onCancellationRequested(() => left.abort());
      const input = { params: { key: id }, body: { host: name, ...asking() }, signal: left.signal };
      return own.during(() => daemon.call("installKey", input));
    });
  }

  async #chooseKey(): Promise<Key | undefined> {
    const socket = agentSocket();
    const query = socket === null ? {} : { agentSocket: socket };
    const { items } = await this.#parts.daemon.call("listKeys", { query });
    if (items.length === 0) {
      const make = vscode.l10n.t("Make SSH Key…");
      const told = vscode.l10n.t("There are no SSH keys in ~/.ssh or in the agent.");
      if ((await vscode.window.showInformationMessage(told, make)) === make) await this.makeKey();
      return undefined;
    }
    const chosen = await vscode.window.showQuickPick(items.map(keyEntry), {
      title: vscode.l10n.t("Install SSH Key"),
      placeHolder: vscode.l10n.t("Choose the key that is to log in"),
      matchOnDescription: true,
      matchOnDetail: true,
    });
    return chosen?.key;
  }

  /** A slip in a passphrase that nobody sees would lock the key for good. */
  async #isRepeated(title: string, passphrase: string): Promise<boolean> {
    if (passphrase === "") return true;
    const repeated = await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t("The passphrase once more"),
      password: true,
      ignoreFocusOut: true,
      validateInput: (text) => (text === passphrase ? undefined : vscode.l10n.t("It is not the same yet.")),
    });
    return repeated === passphrase;
  }

  async #forget({ address, port, fingerprint }: KnownHost): Promise<void> {
    const forget = vscode.l10n.t("Forget");
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t("Forget the host keys of {0}?", placeOf(address, port)),
      {
        modal: true,
        detail: vscode.l10n.t("{0}\nThe next connection asks whether to trust its key.", fingerprint),
      },
      forget,
    );
    if (answer !== forget) return;
    await this.#parts.report.attempt(vscode.l10n.t("The host keys could not be forgotten"), () =>
      this.#parts.daemon.call("deleteKnownHosts", { query: { address, port: String(port) } }),
    );
  }
}

interface KnownHostEntry extends vscode.QuickPickItem {
  readonly known: KnownHost;
}

function knownHostEntry(known: KnownHost): KnownHostEntry {
  const { address, port, keyType, fingerprint, marker, readOnly, file, line } = known;
  const marks = {
    revoked: vscode.l10n.t("revoked"),
    certAuthority: vscode.l10n.t("authority of certificates"),
  };
  const where = readOnly
    ? vscode.l10n.t("{0}, line {1} (read-only)", homePath(file), line)
    : vscode.l10n.t("recorded by Hostrun");
  const name = address.startsWith("|") ? vscode.l10n.t("(hashed name)") : placeOf(address, port);
  return {
    label: plainLabel(name),
    description: [keyType, ...(marker === null ? [] : [marks[marker]]), where].map(oneLine).join(" · "),
    detail: fingerprint,
    known,
  };
}

function keyEntry(key: Key): vscode.QuickPickItem & { readonly key: Key } {
  const { type, bits, path, comment, fingerprint, encrypted, inAgent } = key;
  const notes = [
    bits === null ? type : `${type} ${bits}`,
    ...(encrypted === true ? [vscode.l10n.t("passphrase")] : []),
    ...(inAgent ? [vscode.l10n.t("in the agent")] : []),
    ...(path === null || comment === null ? [] : [comment]),
  ];
  const label = path === null ? (comment ?? fingerprint) : homePath(path);
  return { label: plainLabel(label), description: notes.map(oneLine).join(" · "), detail: fingerprint, key };
}

function placeOf(address: string, port: number): string {
  return port === 22 ? address : `[${address}]:${port}`;
}
