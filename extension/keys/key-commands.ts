import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import { type Key, type KeyInstallation, NewKey } from "../../protocol/key.ts";
import type { KnownHost } from "../../protocol/known-host.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { HostCommands } from "../hosts/host-commands.ts";
import { hostRef } from "../hosts/host-list.ts";
import { homePath, openAt, openSshConfig } from "../hosts/ssh-config-page.ts";
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

/** The palette's commands for recorded host keys and the user's own keys. */
export class KeyCommands {
  readonly #parts: KeyCommandParts;

  constructor(parts: KeyCommandParts) {
    this.#parts = parts;
  }

  /** Opens the line of a read-only file; an entry of Hostrun's own file can be removed. */
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
    const paths = new Set((await this.#keys().catch(() => [])).map(({ path }) => path && homePath(path)));
    const isTaken = (file: string): boolean => paths.has(`~/.ssh/${file}`);
    const name = await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t("Name of the key file in ~/.ssh. An existing file is never overwritten."),
      value: isTaken("id_ed25519") ? "id_ed25519_hostrun" : "id_ed25519",
      validateInput: (text) =>
        isTaken(text.trim())
          ? vscode.l10n.t("~/.ssh/{0} already exists.", text.trim())
          : schemaProblem(nameSchema, text.trim()),
    });
    if (name === undefined) return;
    const passphrase = await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t("Passphrase to encrypt it with; empty for none. Hostrun does not keep it."),
      password: true,
      ignoreFocusOut: true,
    });
    if (passphrase === undefined || !(await this.#isRepeated(title, passphrase))) return;
    await this.#parts.report.attempt(vscode.l10n.t("The key could not be made"), async () => {
      const made = await this.#parts.daemon.call("createKey", { body: { name: name.trim(), passphrase } });
      const install = vscode.l10n.t("Install on Host…");
      const message = vscode.l10n.t("Made {0} ({1}).", homePath(made.path ?? ""), made.fingerprint);
      if ((await vscode.window.showInformationMessage(message, install)) === install)
        await this.installKey(made);
    });
  }

  async installKey(key?: Key): Promise<void> {
    const title = vscode.l10n.t("Install SSH Key");
    const which = key ?? (await this.#chooseKey(title));
    const host = which === undefined ? undefined : await this.#parts.hostCommands.chosen(undefined, title);
    if (which !== undefined && host !== undefined) await this.#showInstalled(which, host);
  }

  /** Sets up a key for logging in to a host instead of a password. */
  async useKey(host: Host): Promise<void> {
    const key = await this.#chooseKey(vscode.l10n.t("Use a Key for {0}", host.name));
    if (key === undefined || !(await this.#showInstalled(key, host))) return;
    await this.#parts.report.attempt(vscode.l10n.t("{0} could not be saved", host.name), () =>
      this.#setKey(key, host),
    );
  }

  async #showInstalled(key: Key, host: Host): Promise<boolean> {
    const what = vscode.l10n.t("The key could not be installed on {0}", host.name);
    const done = await this.#parts.report.attempt(what, async () => this.#install(key, host));
    if (done === undefined) return false;
    const message = done.added
      ? vscode.l10n.t("{0} can log in as {1} now.", oneLine(key.comment ?? key.fingerprint), done.login)
      : vscode.l10n.t("The key was already installed: it can log in as {0}.", done.login);
    void vscode.window.showInformationMessage(message);
    return true;
  }

  /** If a login would not try the key by default, sets its file for the host. */
  async #setKey({ path, inAgent }: Key, host: Host): Promise<void> {
    const { daemon } = this.#parts;
    const { effective } = await daemon.call("getHost", { params: { host: hostRef(host) } });
    const files = effective?.identityFiles ?? [];
    const isTried = files.length === 0 ? isDefaultFile(path) : files.includes(path ?? "");
    if (path === null || isTried || (inAgent && effective?.identitiesOnly === false)) return;
    if (host.id !== null) {
      await daemon.call("updateHost", { params: { host: hostRef(host) }, body: { identityFile: path } });
      return;
    }
    const open = vscode.l10n.t("Open SSH Config");
    const message = vscode.l10n.t(
      "Add “IdentityFile {0}” to {1} in the SSH config.",
      homePath(path),
      host.name,
    );
    if ((await vscode.window.showInformationMessage(message, open)) === open) await openSshConfig(host);
  }

  /** The prompts of the login are shown in this window. */
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

  async #keys(): Promise<readonly Key[]> {
    const socket = agentSocket();
    const query = socket === null ? {} : { agentSocket: socket };
    return (await this.#parts.daemon.call("listKeys", { query })).items;
  }

  async #chooseKey(title: string): Promise<Key | undefined> {
    const items = await this.#keys();
    if (items.length === 0) {
      const make = vscode.l10n.t("Make SSH Key…");
      const message = vscode.l10n.t("There are no SSH keys in ~/.ssh or in the agent.");
      if ((await vscode.window.showInformationMessage(message, make)) === make) await this.makeKey();
      return undefined;
    }
    const chosen = await vscode.window.showQuickPick(items.map(keyEntry), {
      title,
      placeHolder: vscode.l10n.t("Choose the key to log in with"),
      matchOnDescription: true,
      matchOnDetail: true,
    });
    return chosen?.key;
  }

  /** A typing error in a hidden passphrase would make the key unusable. */
  async #isRepeated(title: string, passphrase: string): Promise<boolean> {
    if (passphrase === "") return true;
    const repeated = await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t("Confirm passphrase"),
      password: true,
      ignoreFocusOut: true,
      validateInput: (text) =>
        text === passphrase ? undefined : vscode.l10n.t("The passphrases do not match."),
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
    certAuthority: vscode.l10n.t("certificate authority"),
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

/** OpenSSH's default files, which a login tries if no file is named. */
function isDefaultFile(path: string | null): boolean {
  return /\/\.ssh\/id_(?:rsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk)$/.test(path ?? "");
}

function placeOf(address: string, port: number): string {
  return port === 22 ? address : `[${address}]:${port}`;
}
