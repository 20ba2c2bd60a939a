import * as vscode from "vscode";
import type { Prompt } from "../../protocol/prompt.ts";
import type { Connection } from "../../protocol/stats.ts";

type Asked = Pick<Prompt, "kind" | "hop" | "title">;

/**
 * Secrets in the system's keyring (VS Code's SecretStorage). A secret is removed when it is used, and stored again
 * once the login has succeeded, so that a rejected one is not reused.
 */
export class KeptSecrets {
  readonly #storage: vscode.SecretStorage;
  readonly #log: vscode.LogOutputChannel;
  /** Secrets to be stored once their login has succeeded, by hop. */
  readonly #unproven = new Map<string, Map<string, string>>();

  constructor(storage: vscode.SecretStorage, log: vscode.LogOutputChannel) {
    this.#storage = storage;
    this.#log = log;
  }

  /** Takes the stored secret that answers a prompt, if there is one. Never rejects. */
  async take(prompt: Asked): Promise<string | undefined> {
    try {
      const key = keyOf(prompt);
      const secret = await this.#storage.get(key);
      if (secret === undefined) return undefined;
      await this.#storage.delete(key);
      this.keepOnceProven(prompt, secret);
      return secret;
    } catch (failure) {
      this.#log.warn("The system's keyring cannot be used", String(failure));
      return undefined;
    }
  }

  keepOnceProven(prompt: Asked, secret: string): void {
    const ofHop = this.#unproven.get(prompt.hop) ?? new Map<string, string>();
    this.#unproven.set(prompt.hop, ofHop.set(keyOf(prompt), secret));
  }

  /** The server asks again, or the login has failed. */
  refused({ hop }: Pick<Asked, "hop">): void {
    this.#unproven.delete(hop);
  }

  /** A login has succeeded: the answers were correct. */
  async proven({ user, address, port }: Connection): Promise<void> {
    const hop = `${user}@${address.includes(":") ? `[${address}]` : address}:${port}`;
    const secrets = this.#unproven.get(hop);
    this.#unproven.delete(hop);
    try {
      for (const [key, secret] of secrets ?? []) await this.#storage.store(key, secret);
    } catch (failure) {
      this.#log.warn("The system's keyring cannot be used", String(failure));
      void vscode.window.showWarningMessage(
        vscode.l10n.t(
          "The password of {0} is kept for this session only: this system has no keyring that VS Code can use.",
          hop,
        ),
      );
    }
  }
}

/** A passphrase belongs to the key file that the title names. */
function keyOf({ kind, hop, title }: Asked): string {
  return `hostrun.${kind}.${kind === "passphrase" ? title : hop}`;
}
