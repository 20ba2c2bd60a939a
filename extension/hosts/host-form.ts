import * as vscode from "vscode";
import { NewHost, type Host, type HostPatch } from "../../protocol/host.ts";
import type { Key } from "../../protocol/key.ts";
import { askChoice, plainLabel, type ChoiceItem } from "../input/choice.ts";
import { askSteps, type Step } from "../input/steps.ts";
import { agentSocket } from "../runs/runner.ts";
import { ConnectionTest } from "./connection-test.ts";
import type { HostEditContext } from "./host-edit-context.ts";
import { hostAddress } from "./host-address.ts";
import { askLegacyAlgorithms, askLoginShell, askProduction } from "./host-flag-questions.ts";
import {
  askAddress,
  askGroup,
  askJump,
  askName,
  askTags,
  askTransport,
  freeName,
  type HostDraft,
  type HostQuestion,
  transportEntry,
} from "./host-questions.ts";
import { askWorker, workerEntry } from "./worker-question.ts";
import { askIdentity } from "./identity-question.ts";
import { askNewHost } from "./new-host.ts";
import { hostRef } from "./host-list.ts";

/** A host to be added, and whether to test it afterwards. */
interface WholeDraft {
  readonly draft: HostDraft;
  readonly next: "add" | "test";
}

/** Adds, copies and edits hosts through questions; reports failures. */
export class HostForm {
  readonly #context: HostEditContext;

  constructor(context: HostEditContext) {
    this.#context = context;
  }

  /**
   * Asks for the address, which may be given as `text`, and for more if the user wants to. Undefined if the user
   * cancelled, or it could not be saved.
   */
  async add(text = ""): Promise<Host | undefined> {
    const title = vscode.l10n.t("Add Host");
    let typed = text;
    for (;;) {
      const answer = await askNewHost(typed, this.#takenBut(undefined), { title, step: 1, totalSteps: 1 });
      if (typeof answer === "string") return undefined;
      typed = answer.value.text;
      const { draft, more } = answer.value;
      const whole = more ? await this.#askMore(draft, title) : { draft, next: "add" as const };
      if (whole === "cancel") return undefined;
      if (whole === "back") continue;
      const host = await this.#create(whole.draft);
      if (host !== undefined && whole.next === "test") void new ConnectionTest(this.#context).run(host);
      return host;
    }
  }

  /** Shows the fields of a new host for editing before it is added. */
  async #askMore(start: HostDraft, title: string): Promise<WholeDraft | "back" | "cancel"> {
    let draft = start;
    for (;;) {
      const name = plainLabel(draft.name);
      const add = { label: `$(check) ${vscode.l10n.t("Add {0}", name)}`, value: "add" as const };
      const test = {
        label: `$(debug-disconnect) ${vscode.l10n.t("Add {0} and test the connection", name)}`,
        value: "test" as const,
      };
      const answer = await askChoice<HostQuestion | WholeDraft["next"]>(
        {
          placeholder: vscode.l10n.t("Choose what to change, or add the host"),
          items: [add, test, ...this.#parts(draft)],
        },
        { title, step: 2, totalSteps: 2 },
      );
      if (typeof answer === "string") return answer;
      if (typeof answer.value === "string") return { draft, next: answer.value };
      const part = await answer.value(draft, { title, step: 3, totalSteps: 3 });
      if (part === "cancel") return "cancel";
      if (part !== "back") draft = { ...draft, ...part.value };
    }
  }

  /** Copies a host under another name. */
  async duplicate(host: Host): Promise<Host | undefined> {
    const taken = this.#takenBut(undefined);
    const copy = { ...host, name: freeName(host.name, taken) };
    const title = vscode.l10n.t("Duplicate {0}", host.name);
    const draft = await askSteps<HostDraft>({ title }, copy, [
      asStep(askName(taken)),
      asStep(askAddress(this.#context.hosts.hosts)),
    ]);
    if (draft === undefined) return undefined;
    const { color, hostKeyPolicy } = host;
    return this.#create({ ...draft, color, hostKeyPolicy });
  }

  edit(host: Host): Promise<void> {
    return this.#change(host, vscode.l10n.t("Edit {0}", host.name), (current) => this.#parts(current));
  }

  /** Edits the fields that can also be set for a host of the SSH config, which has no options for them. */
  editConnection(host: Host): Promise<void> {
    return this.#change(host, vscode.l10n.t("Connection Settings of {0}", host.name), connectionParts);
  }

  /** Lists fields of a host, to be edited one after the other; each is saved at once. */
  async #change(
    host: Host,
    title: string,
    partsOf: (host: Host) => readonly ChoiceItem<HostQuestion>[],
  ): Promise<void> {
    let current = host;
    for (;;) {
      const frame = { title, step: 1, totalSteps: 1 };
      const part = await askChoice<HostQuestion>(
        { placeholder: vscode.l10n.t("Choose what to change"), items: partsOf(current) },
        frame,
      );
      if (typeof part === "string") return;
      // Step 2 of an unknown number: the Back button leads to the list of fields.
      const answer = await part.value(current, { ...frame, step: 2, totalSteps: 2 });
      if (answer === "cancel") return;
      if (answer !== "back") current = (await this.#save(current, answer.value)) ?? current;
    }
  }

  #parts(host: HostDraft & { readonly id?: Host["id"] }): readonly ChoiceItem<HostQuestion>[] {
    const { hosts } = this.#context.hosts;
    const usualKeys = vscode.l10n.t("SSH agent and the usual key files");
    return [
      row(vscode.l10n.t("Name"), host.name, askName(this.#takenBut(host), nameToKeep(host))),
      row(vscode.l10n.t("Address"), hostAddress(host), askAddress(hosts)),
      row(vscode.l10n.t("Group"), host.group ?? vscode.l10n.t("none"), askGroup(hosts)),
      row(
        vscode.l10n.t("Key"),
        host.identityFile ?? usualKeys,
        askIdentity(() => this.#keys()),
      ),
      row(vscode.l10n.t("Jump host"), host.jump.join(", ") || vscode.l10n.t("none"), askJump(hosts)),
      row(vscode.l10n.t("Tags"), host.tags.join(", ") || vscode.l10n.t("none"), askTags),
      row(vscode.l10n.t("Production"), yesOrNo(host.production), askProduction),
      ...connectionParts(host),
    ];
  }

  async #keys(): Promise<readonly Key[]> {
    const socket = agentSocket();
    const query = socket === null ? {} : { agentSocket: socket };
    return (await this.#context.daemon.call("listKeys", { query })).items;
  }

  #takenBut(host: { readonly id?: Host["id"] } | undefined): ReadonlySet<string> {
    return new Set(
      // A saved host may have the name of one in the SSH config, which it then replaces.
      this.#context.hosts.hosts
        .filter((other) => other.id !== null && other.id !== host?.id)
        .map(({ name }) => name),
    );
  }

  #create(draft: Partial<NewHost>): Promise<Host | undefined> {
    return this.#context.report.attempt(vscode.l10n.t("The host could not be added"), () =>
      this.#context.daemon.call("createHost", { body: NewHost.strip().parse(draft) }),
    );
  }

  #save(host: Host, body: HostPatch): Promise<Host | undefined> {
    return this.#context.report.attempt(vscode.l10n.t("{0} could not be saved", host.name), () =>
      this.#context.daemon.call("updateHost", { params: { host: hostRef(host) }, body }),
    );
  }
}

/** The name of a saved host. */
function nameToKeep({ id, name }: HostDraft & { readonly id?: Host["id"] }): string | undefined {
  return id === undefined ? undefined : name;
}

function connectionParts(host: HostDraft): readonly ChoiceItem<HostQuestion>[] {
  const { transport, legacyAlgorithms, loginShell, worker } = host;
  return [
    row(vscode.l10n.t("Transport"), transportEntry(transport).label, askTransport),
    row(vscode.l10n.t("Legacy algorithms"), yesOrNo(legacyAlgorithms), askLegacyAlgorithms),
    row(vscode.l10n.t("Login shell"), yesOrNo(loginShell), askLoginShell),
    row(vscode.l10n.t("Worker"), workerEntry(worker).label, askWorker),
  ];
}

function row(label: string, text: string, value: HostQuestion): ChoiceItem<HostQuestion> {
  return { label, description: plainLabel(text), value };
}

function yesOrNo(value: boolean): string {
  return value ? vscode.l10n.t("yes") : vscode.l10n.t("no");
}

function asStep(question: HostQuestion): Step<HostDraft> {
  return async (draft, frame) => {
    const answer = await question(draft, frame);
    return typeof answer === "string" ? answer : { value: { ...draft, ...answer.value } };
  };
}
