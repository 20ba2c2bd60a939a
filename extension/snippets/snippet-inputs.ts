import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { SnippetInput } from "../../protocol/snippet-input.ts";
import { valueProblem } from "../../protocol/snippet-text.ts";
import { askHost } from "../hosts/host-choice.ts";
import type { RunQuestions } from "../runs/run-on-host.ts";
import { askChoice, plainLabel } from "../input/choice.ts";
import { type Answer, askSteps, type Step, type StepFrame } from "../input/steps.ts";
import { askText } from "../input/text-input.ts";
import { askField } from "../prompts/secret-input.ts";

/** By the names of the inputs. */
export interface SnippetValues {
  readonly values: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

export type HostSource = Pick<RunQuestions, "addHost"> & {
  readonly hosts: { readonly hosts: readonly Host[] };
};

/** Asks for the inputs, one at a time; undefined if the user cancels. */
export function askInputs(
  title: string,
  inputs: readonly SnippetInput[],
  source: HostSource,
): Promise<SnippetValues | undefined> {
  const steps = inputs.map(
    (input): Step<SnippetValues> =>
      async (draft, frame) => {
        const isSecret = input.type === "secret";
        const before = draft.values[input.name] ?? input.default ?? "";
        const answer = await askInput(input, before, source, frame);
        if (typeof answer === "string") return answer;
        const given = { [input.name]: answer.value };
        return isSecret
          ? { value: { ...draft, secrets: { ...draft.secrets, ...given } } }
          : { value: { ...draft, values: { ...draft.values, ...given } } };
      },
  );
  return askSteps<SnippetValues>({ title }, { values: {}, secrets: {} }, steps);
}

async function askInput(
  input: SnippetInput,
  before: string,
  { hosts: { hosts }, addHost }: HostSource,
  frame: StepFrame,
): Promise<Answer<string>> {
  const label = input.label ?? input.name;
  if (input.type === "secret")
    return askField({ label, echo: false }, "", frame, new AbortController().signal);
  if (input.type === "choice") {
    const items = (input.choices ?? []).map((value) => ({ label: plainLabel(value), value }));
    return askChoice({ placeholder: label, items, active: (value) => value === before }, frame);
  }
  if (input.type === "host") {
    const answer = await askHost({ placeholder: label, hosts, runs: [], unsaved: true }, frame);
    if (typeof answer === "string") return answer;
    if (answer.value === "several") return "cancel";
    const host = "add" in answer.value ? await addHost(answer.value.add) : answer.value;
    return host === undefined ? "cancel" : { value: host.name };
  }
  return askText({ prompt: label, value: before, problem: (text) => problemOf(input, text) }, frame);
}

function problemOf(input: SnippetInput, text: string): string | undefined {
  const problem = valueProblem(input, text);
  return problem === undefined ? undefined : vscode.l10n.t("It {0}.", problem);
}
