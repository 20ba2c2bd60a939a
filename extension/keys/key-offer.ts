import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { Connection } from "../../protocol/stats.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { linkless, oneLine } from "../plain-text.ts";
import { asksForPassword, type TypedPrompt } from "./typed-prompt.ts";

export interface KeyOfferParts {
  readonly daemon: Daemon;
  readonly memory: vscode.Memento;
  /** Finds a host by the name in a connection. */
  readonly named: (name: string) => Host | undefined;
  /** Sets up a key for logging in to the host from now on. */
  readonly use: (host: Host) => Promise<void>;
}

const memoryKey = "hostrun.keyOffered";
/** In place of a host: make no more offers. */
const never = "*";

/** Offers to set up a key, once for each login with a typed password that succeeded. */
export class KeyOffer implements vscode.Disposable {
  readonly #parts: KeyOfferParts;
  readonly #subscription: vscode.Disposable;
  /** Hops for which a password was typed, until they are connected. */
  readonly #typed = new Set<string>();

  constructor(parts: KeyOfferParts) {
    this.#parts = parts;
    this.#subscription = parts.daemon.onDidChange((change) => {
      if (change.type === "connectionOpened") void this.#connected(change.connection);
    });
  }

  /** The user has typed an answer. */
  typed(prompt: TypedPrompt): void {
    if (asksForPassword(prompt)) this.#typed.add(prompt.hop);
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #connected({ host: name, user, address, port }: Connection): Promise<void> {
    const hop = `${user}@${address.includes(":") ? `[${address}]` : address}:${port}`;
    const host = this.#parts.named(name);
    if (!this.#typed.delete(hop) || host === undefined) return;
    const offered = this.#parts.memory.get<readonly string[]>(memoryKey, []);
    if (offered.includes(hop) || offered.includes(never)) return;
    await this.#parts.memory.update(memoryKey, [...offered, hop]);
    const use = vscode.l10n.t("Use a Key…");
    const stop = vscode.l10n.t("Don't Ask Again");
    const message = vscode.l10n.t("You logged in to {0} with a password. Use a key from now on?", name);
    const answer = await vscode.window.showInformationMessage(linkless(oneLine(message)), use, stop);
    if (answer === use) await this.#parts.use(host);
    if (answer === stop) await this.#parts.memory.update(memoryKey, [...offered, never]);
  }
}
