import * as vscode from "vscode";
import { askChoice, plainLabel, type ChoiceItem } from "../input/choice.ts";
import type { Answer, StepFrame } from "../input/steps.ts";
import { blankHost } from "./blank-host.ts";
import { hostAddress, parseHostAddress } from "./host-address.ts";
import { freeName, notAnAddress, type HostDraft } from "./host-questions.ts";

interface NewHostAnswer {
  readonly draft: HostDraft;
  /** The address as typed. */
  readonly text: string;
  /** Whether the user wants to set more fields. */
  readonly more: boolean;
}

/** The one question about a new host: its address, which may be an ssh command line. Its name is derived from it. */
export async function askNewHost(
  text: string,
  taken: ReadonlySet<string>,
  frame: StepFrame,
): Promise<Answer<NewHostAnswer>> {
  const more: ChoiceItem<"add" | "more"> = {
    label: vscode.l10n.t("More…"),
    description: vscode.l10n.t("name, group, key, jump host, tags, production"),
    alwaysShow: true,
    value: "more",
  };
  let typed = text;
  for (;;) {
    const answer = await askChoice<"add" | "more">(
      {
        placeholder: vscode.l10n.t("Address of the host, such as deploy@10.0.0.5:22"),
        items: [more],
        filter: typed,
        keep: (address) => {
          typed = address;
        },
        typed: (address) => newHostEntry(address, draftOf(address, taken)),
      },
      frame,
    );
    if (typeof answer === "string") return answer;
    const draft = draftOf(typed, taken);
    // More fields can be set only once there is an address.
    if (draft !== undefined) return { value: { draft, text: typed, more: answer.value === "more" } };
  }
}

function draftOf(text: string, taken: ReadonlySet<string>): HostDraft | undefined {
  const parts = parseHostAddress(text);
  if (parts === undefined) return undefined;
  return { ...blankHost, ...parts, name: freeName(parts.address, taken), port: parts.port };
}

function newHostEntry(text: string, draft: HostDraft | undefined): ChoiceItem<"add"> {
  const label = plainLabel(text.trim());
  if (draft === undefined) return { label, detail: `$(error) ${notAnAddress()}`, alwaysShow: true };
  const { name, identityFile, jump } = draft;
  const notes = [
    vscode.l10n.t("Add {0} as {1}", hostAddress(draft), name),
    ...(identityFile === null ? [] : [vscode.l10n.t("Key: {0}", identityFile)]),
    ...(jump.length === 0 ? [] : [vscode.l10n.t("Jump host: {0}", jump.join(", "))]),
  ];
  return { label, detail: plainLabel(notes.join(" · ")), alwaysShow: true, value: "add" };
}
