import * as vscode from "vscode";
import type { Prompt } from "../../protocol/prompt.ts";
import type { Connection } from "../../protocol/stats.ts";

type Asked = Pick<Prompt, "kind" | "hop" | "title">;

/**
 * Secrets in the system's keyring (VS Code's SecretStorage). One is taken out when it is used, and put back once the login
 * has worked: what a server refused is not used again.
 */
export class KeptSecrets {
  readonly #storage: vscode.SecretStorage;
  readonly #log: vscode.LogOutputChannel;
  /** What is kept once its login has worked, by the hop. */
  readonly #unproven = new Map<string, Map<string, string>>();

  constructor(storage: vscode.SecretStorage, log: vscode.LogOutputChannel) {
    this.#storage = storage;
    this.#log = log;
  }

  /** The secret that answers a question, where one is kept. Never rejects. */
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

  /** Somebody is logged in: what was answered was right. */
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

/** A passphrase belongs to the key file, which the title names. */
function keyOf({ kind, hop, title }: Asked): string {
  return `hostrun.${kind}.${kind === "passphrase" ? title : hop}`;
}
