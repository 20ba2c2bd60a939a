import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { type Host, HostTransport, NewHost } from "../../protocol/host.ts";
import { askChoice, plainLabel, type ChoiceItem } from "../input/choice.ts";
import type { Answer, StepFrame } from "../input/steps.ts";
import { askText, schemaProblem } from "../input/text-input.ts";
import { hostAddress, parseHostAddress } from "./host-address.ts";
import { groupParts, groupPaths } from "./host-tree.ts";

/** The parts of a host that the questions are about; a Host has them too. */
export type HostDraft = Pick<
  Host,
  | "name"
  | "address"
  | "port"
  | "user"
  | "identityFile"
  | "jump"
  | "group"
  | "tags"
  | "production"
  | "loginShell"
  | "transport"
  | "legacyAlgorithms"
>;

/** One question about a host: it takes the draft so far, and answers with the fields it changes. */
export type HostQuestion = (draft: HostDraft, frame: StepFrame) => Promise<Answer<Partial<HostDraft>>>;

export const askAddress: HostQuestion = async (draft, frame) => {
  const answer = await askText(
    {
      prompt: vscode.l10n.t(
        "Address of the host, with the user name and the port where they are not the usual ones",
      ),
      placeholder: "deploy@10.0.0.5:22",
      value: draft.address === "" ? "" : hostAddress(draft),
      problem: (text) => (parseHostAddress(text) === undefined ? notAnAddress() : undefined),
    },
    frame,
  );
  if (typeof answer === "string") return answer;
  const parts = parseHostAddress(answer.value);
  return parts === undefined ? "cancel" : { value: { ...parts, port: parts.port ?? 22 } };
};

export function notAnAddress(): string {
  return vscode.l10n.t("Must be an address, as in web1.example.org or deploy@10.0.0.5:2222");
}

/** `taken`: the names of other hosts. */
export function askName(taken: ReadonlySet<string>): HostQuestion {
  return async (draft, frame) => {
    const answer = await askText(
      {
        prompt: vscode.l10n.t("Name of the host, as you will call it"),
        value: draft.name === "" ? freeName(draft.address, taken) : draft.name,
        problem: (text) =>
          taken.has(text)
            ? vscode.l10n.t("There is a host of this name already")
            : schemaProblem(NewHost.shape.name, text),
      },
      frame,
    );
    return typeof answer === "string" ? answer : { value: { name: answer.value } };
  };
}

export function askGroup(hosts: readonly Host[]): HostQuestion {
  return async (draft, frame) => {
    const none: ChoiceItem<string> = { label: vscode.l10n.t("No group"), value: "", alwaysShow: true };
    const answer = await askChoice<string>(
      {
        placeholder: vscode.l10n.t(
          "Group: a folder in the tree, as in prod/web. Choose one or type a new one",
        ),
        items: [none, ...groupPaths(hosts).map((path) => ({ label: plainLabel(path), value: path }))],
        filter: "",
        active: (value) => value === (draft.group ?? ""),
        typed: (text) => ({
          label: plainLabel(text.trim()),
          description: vscode.l10n.t("new group"),
          alwaysShow: true,
          value: text.trim(),
        }),
      },
      frame,
    );
    if (typeof answer === "string") return answer;
    return { value: { group: groupParts(answer.value).join("/") || null } };
  };
}

export const askIdentity: HostQuestion = async (draft, frame) => {
  const standing: ChoiceItem<string>[] =
    draft.identityFile === null ? [] : [{ label: plainLabel(draft.identityFile), value: draft.identityFile }];
  const answer = await askChoice<string>(
    {
      placeholder: vscode.l10n.t("How to log in"),
      items: [
        {
          label: vscode.l10n.t("SSH agent and the usual key files"),
          detail: vscode.l10n.t("The keys of your agent, then ~/.ssh/id_ed25519 and the like"),
          value: "",
        },
        ...standing,
        { label: vscode.l10n.t("Choose a key file…"), value: "browse" },
      ],
      active: (value) => value === (draft.identityFile ?? ""),
      typed: (text) => ({
        label: plainLabel(text),
        description: vscode.l10n.t("key file"),
        value: text,
        alwaysShow: true,
      }),
    },
    frame,
  );
  if (typeof answer === "string") return answer;
  if (answer.value !== "browse") return { value: { identityFile: answer.value.trim() || null } };
  const [file] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t("Choose a private key file"),
      openLabel: vscode.l10n.t("Use this key"),
      defaultUri: vscode.Uri.file(join(homedir(), ".ssh")),
    })) ?? [];
  return file === undefined ? askIdentity(draft, frame) : { value: { identityFile: file.fsPath } };
};

export const askJump: HostQuestion = async (draft, frame) => {
  const answer = await askText(
    {
      prompt: vscode.l10n.t("Hosts to go through, the first one first, separated by commas. Empty: directly"),
      placeholder: "deploy@bastion.example.org",
      value: draft.jump.join(", "),
      problem: (text) => schemaProblem(NewHost.shape.jump, listed(text)),
    },
    frame,
  );
  return typeof answer === "string" ? answer : { value: { jump: listed(answer.value) } };
};

export const askTags: HostQuestion = async (draft, frame) => {
  const answer = await askText(
    {
      prompt: vscode.l10n.t("Tags, separated by commas"),
      placeholder: "web, eu",
      value: draft.tags.join(", "),
      problem: (text) => schemaProblem(NewHost.shape.tags, listed(text)),
    },
    frame,
  );
  return typeof answer === "string" ? answer : { value: { tags: listed(answer.value) } };
};

export const askTransport: HostQuestion = async (draft, frame) => {
  const answer = await askChoice<HostTransport>(
    {
      placeholder: vscode.l10n.t("What connects to the host"),
      items: HostTransport.options.map((value) => ({ ...transportEntry(value), value })),
      active: (value) => value === draft.transport,
    },
    frame,
  );
  return typeof answer === "string" ? answer : { value: { transport: answer.value } };
};

export function transportEntry(transport: HostTransport): { readonly label: string; readonly detail?: string } {
  switch (transport) {
    case "auto":
      return {
        label: vscode.l10n.t("Automatic"),
        detail: vscode.l10n.t("Hostrun itself, or the system's ssh for what only that can do"),
      };
    case "ssh2":
      return { label: vscode.l10n.t("Hostrun itself") };
    case "openssh":
      return { label: vscode.l10n.t("The system's ssh") };
  }
}

/** "web1 copy" would be no host name: the copy of web1 is web1-2. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let count = 2; ; count += 1) if (!taken.has(`${name}-${count}`)) return `${name}-${count}`;
}

function listed(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
