import * as vscode from "vscode";
import type { Change } from "../../protocol/change.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Prompt } from "../../protocol/prompt.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { ItemChanges } from "../daemon/item-changes.ts";
import { showHostKey } from "../hosts/host-key-trust.ts";
import type { ProblemReport } from "../problem-report.ts";
import { failedHops } from "./failed-logins.ts";
import type { KeptSecrets } from "./kept-secrets.ts";
import type { OwnQuestions } from "./own-questions.ts";
import { askField, askKeeping, type Keeping } from "./secret-input.ts";

export interface PromptDialogsParts {
  readonly daemon: Daemon;
  readonly report: ProblemReport;
  readonly own: OwnQuestions;
  readonly kept: KeptSecrets;
  /** Called with prompts that the user has answered here, before the answer is sent. */
  readonly typed: (prompt: Prompt) => void;
}

interface Given {
  readonly answers: string[];
  readonly keeping: Keeping;
}

/** Shows the daemon's prompts to the user, one at a time, and sends the answers. */
export class PromptDialogs implements vscode.Disposable {
  readonly #parts: PromptDialogsParts;
  /** Open prompts; those being shown have an abort controller. */
  readonly #open = new Map<string, { prompt: Prompt; shown: AbortController | undefined }>();
  readonly #changes = new ItemChanges((change) => this.#takePrompt(change));
  readonly #subscription: vscode.Disposable;
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: PromptDialogsParts) {
    this.#parts = parts;
    this.#subscription = vscode.Disposable.from(
      parts.daemon.onDidChange((change) => this.#take(change)),
      parts.daemon.onDidGoAway(() => this.#closeAll()),
      parts.own.onDidChange(() => this.#showOwn()),
    );
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#closeAll();
  }

  #take(change: Change): void {
    if (change.type === "reset") void this.#readAll();
    else if (change.type === "prompt" || change.type === "promptClosed") this.#changes.take(change);
    else if (change.type === "connectionOpened") void this.#parts.kept.proven(change.connection);
    else for (const hop of failedHops(change)) this.#parts.kept.refused({ hop });
  }

  async #readAll(): Promise<void> {
    const read = this.#changes.read(
      () => this.#parts.daemon.call("listPrompts"),
      ({ items }) => {
        for (const prompt of items) this.#opened(prompt);
      },
    );
    await read.catch(() => undefined);
  }

  #takePrompt(change: Change): void {
    if (change.type === "prompt") this.#opened(change.prompt);
    else if (change.type === "promptClosed") this.#closed(change.promptId);
  }

  #opened(prompt: Prompt): void {
    this.#open.set(prompt.id, { prompt, shown: this.#open.get(prompt.id)?.shown });
    this.#showOwn();
  }

  #closed(id: string): void {
    this.#open.get(id)?.shown?.abort();
    this.#open.delete(id);
  }

  #closeAll(): void {
    for (const id of this.#open.keys()) this.#closed(id);
  }

  #showOwn(): void {
    for (const open of this.#open.values()) {
      if (open.shown !== undefined || !this.#parts.own.has(open.prompt)) continue;
      const shown = new AbortController();
      open.shown = shown;
      const { prompt } = open;
      this.#turn = this.#turn.then(() => this.#show(prompt, shown.signal));
    }
  }

  async #show(prompt: Prompt, closed: AbortSignal): Promise<void> {
    const { report, daemon } = this.#parts;
    await report.attempt(vscode.l10n.t("The answer was not accepted"), async () => {
      const given = closed.aborted ? undefined : await this.#ask(prompt, closed);
      if (closed.aborted) return;
      const params = { prompt: prompt.id };
      try {
        if (given === undefined) await daemon.call("declinePrompt", { params });
        else {
          const { answers, keeping } = given;
          await daemon.call("answerPrompt", {
            params,
            body: { answers, remember: keeping === "no" ? "no" : "session" },
          });
        }
      } catch (failure) {
        // Another client was faster; the run reports the result.
        if (!(failure instanceof Problem) || failure.code !== "prompt_closed") throw failure;
      }
    });
  }

  /** Undefined if the user declines. */
  async #ask(prompt: Prompt, closed: AbortSignal): Promise<Given | undefined> {
    if (prompt.kind === "hostKey") return askForTrust(prompt);
    const canKeep =
      (prompt.kind === "password" || prompt.kind === "passphrase") && prompt.fields.length === 1;
    if (canKeep) return this.#askSecret(prompt, closed);
    // sudo is not a login: the daemon knows whether the password was right, no connection shows it.
    const longest = prompt.kind === "secret" ? "session" : undefined;
    const given = await askFields(prompt, longest, closed);
    if (given !== undefined) this.#parts.typed(prompt);
    return given;
  }

  /** Answers with a secret stored in the keyring, once. */
  async #askSecret(prompt: Prompt, closed: AbortSignal): Promise<Given | undefined> {
    const { kept } = this.#parts;
    if (prompt.attempt > 1) kept.refused(prompt);
    const known = prompt.attempt === 1 ? await kept.take(prompt) : undefined;
    if (known !== undefined) return { answers: [known], keeping: "session" };
    const given = await askFields(prompt, "keyring", closed);
    if (given !== undefined) this.#parts.typed(prompt);
    const [secret] = given?.answers ?? [];
    if (given?.keeping === "keyring" && secret !== undefined) kept.keepOnceProven(prompt, secret);
    return given;
  }
}

async function askForTrust(prompt: Prompt): Promise<Given | undefined> {
  const label =
    prompt.runIds.length === 0 ? vscode.l10n.t("Trust and Continue") : vscode.l10n.t("Trust and Run");
  const { keyType, fingerprint, knownAs } = prompt.key ?? {};
  const { host, hop } = prompt;
  const isTrusted = await showHostKey({ host, hop, keyType, fingerprint, knownAs }, label);
  return isTrusted ? { answers: ["accept"], keeping: "no" } : undefined;
}

/** Each line is a separate step; a secret that can be stored has an additional one. */
async function askFields(
  { kind, fields, title, instructions, attempt, hop }: Prompt,
  longest: "session" | "keyring" | undefined,
  closed: AbortSignal,
): Promise<Given | undefined> {
  const answers: string[] = [];
  const again = attempt > 1 ? `${vscode.l10n.t("That was incorrect. Please try again.")} ` : "";
  const totalSteps = fields.length + (longest === undefined ? 0 : 1);
  // A server's own text may name no host, or another one.
  const frame = { title: kind === "password" ? title : `${title} (${hop})`, totalSteps };
  for (let at = 0; at < totalSteps; ) {
    const field = fields[at];
    const step = { ...frame, step: at + 1 };
    const message = at === 0 ? `${again}${instructions.replaceAll("\n", " ")}`.trim() : "";
    const answer =
      field === undefined
        ? await askKeeping(longest ?? "session", step, closed)
        : await askField(field, message, step, closed);
    if (answer === "cancel") return undefined;
    if (answer === "back") {
      at -= 1;
      continue;
    }
    if (field === undefined) return { answers, keeping: keepingOf(answer.value) };
    answers[at] = answer.value;
    at += 1;
  }
  return { answers, keeping: "no" };
}

function keepingOf(value: string): Keeping {
  return value === "session" || value === "keyring" ? value : "no";
}
