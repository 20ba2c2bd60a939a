import * as vscode from "vscode";
import { type Host, HostTransport, NewHost } from "../../protocol/host.ts";
import { jumpLoop } from "../../protocol/jump-loop.ts";
import { askChoice, plainLabel, type ChoiceItem } from "../input/choice.ts";
import type { Answer, StepFrame } from "../input/steps.ts";
import { askText, schemaProblem } from "../input/text-input.ts";
import { hostAddress, parseHostAddress } from "./host-address.ts";
import { addressDoubt, jumpDoubt } from "./host-doubts.ts";
import { groupParts, groupPaths } from "./host-tree.ts";

/** The fields of a host that the questions are about; a Host has them, too. */
export type HostDraft = Pick<
  Host,
  | "name"
  | "address"
  | "user"
  | "identityFile"
  | "jump"
  | "group"
  | "tags"
  | "production"
  | "loginShell"
  | "transport"
  | "worker"
  | "legacyAlgorithms"
> &
  // Undefined in a host that is not saved yet: the SSH config then determines it.
  Pick<NewHost, "port">;

/** One question about a host: receives the draft so far, and returns the fields that it changes. */
export type HostQuestion = (draft: HostDraft, frame: StepFrame) => Promise<Answer<Partial<HostDraft>>>;

export function askAddress(hosts: readonly Host[]): HostQuestion {
  return async (draft, frame) => {
    const answer = await askText(
      {
        prompt: vscode.l10n.t(
          "Address of the host, with the user name and port if they differ from the defaults",
        ),
        placeholder: "deploy@10.0.0.5:22",
        value: draft.address === "" ? "" : hostAddress(draft),
        problem: (text) => (parseHostAddress(text) === undefined ? notAnAddress() : undefined),
        doubt: async (text) => addressDoubt(hosts, { ...draft, ...parseHostAddress(text) }),
      },
      frame,
    );
    if (typeof answer === "string") return answer;
    const parts = parseHostAddress(answer.value);
    if (parts === undefined) return "cancel";
    return { value: { ...parts, port: parts.port ?? (draft.port === undefined ? undefined : 22) } };
  };
}

export function notAnAddress(): string {
  return vscode.l10n.t("Must be an address, such as web1.example.org or deploy@10.0.0.5:2222");
}

/** `taken`: the names of other hosts; `own`: the host's present name, which it may keep even if invalid. */
export function askName(taken: ReadonlySet<string>, own?: string): HostQuestion {
  const problemOf = (text: string): string | undefined => {
    if (taken.has(text)) return vscode.l10n.t("A host with this name already exists");
    return text === own ? undefined : schemaProblem(NewHost.shape.name, text);
  };
  return async (draft, frame) => {
    const answer = await askText(
      {
        prompt: vscode.l10n.t("Name of the host, as you will call it"),
        value: draft.name === "" ? freeName(draft.address, taken) : draft.name,
        problem: problemOf,
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
          "Group: a folder in the tree, such as prod/web. Choose one or type a new one",
        ),
        items: [none, ...groupPaths(hosts).map((path) => ({ label: plainLabel(path), value: path }))],
        filter: "",
        active: (value) => value === (draft.group ?? ""),
        typed: (text) => newGroupEntry(groupParts(text).join("/")),
      },
      frame,
    );
    if (typeof answer === "string") return answer;
    return { value: { group: groupParts(answer.value).join("/") || null } };
  };
}

export function askJump(hosts: readonly Host[]): HostQuestion {
  return async (draft, frame) => {
    const answer = await askText(
      {
        prompt: vscode.l10n.t("Hosts to go through in order, separated by commas; empty to connect directly"),
        placeholder: "deploy@bastion.example.org",
        value: draft.jump.join(", "),
        problem: (text) =>
          schemaProblem(NewHost.shape.jump, listed(text)) ??
          loopProblem(hosts, { ...draft, jump: listed(text) }),
        doubt: async (text) => jumpDoubt(hosts, listed(text)),
      },
      frame,
    );
    return typeof answer === "string" ? answer : { value: { jump: listed(answer.value) } };
  };
}

/** An error for jump hosts that lead back to where they started. */
function loopProblem(
  hosts: readonly Host[],
  { name, jump }: Pick<Host, "name" | "jump">,
): string | undefined {
  const loop = jumpLoop(name, jump, (other) => hosts.find((host) => host.name === other)?.jump);
  return loop === undefined ? undefined : vscode.l10n.t("The jump hosts form a loop: {0}", loop.join(" → "));
}

/** An invalid group cannot be chosen. */
function newGroupEntry(path: string): ChoiceItem<string> {
  const problem = path === "" ? undefined : groupProblem(path);
  const entry = { label: plainLabel(path), alwaysShow: true };
  return problem === undefined
    ? { ...entry, description: vscode.l10n.t("new group"), value: path }
    : { ...entry, detail: `$(error) ${problem}` };
}

export function groupProblem(path: string): string | undefined {
  return schemaProblem(NewHost.shape.group.unwrap().unwrap(), path);
}

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
      placeholder: vscode.l10n.t("How to connect to the host"),
      items: HostTransport.options.map((value) => ({ ...transportEntry(value), value })),
      active: (value) => value === draft.transport,
    },
    frame,
  );
  return typeof answer === "string" ? answer : { value: { transport: answer.value } };
};

export function transportEntry(transport: HostTransport): {
  readonly label: string;
  readonly detail?: string;
} {
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

/** "web1 copy" would be an invalid host name: the copy of web1 is web1-2. */
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
