import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { SnippetInput } from "../../protocol/snippet.ts";
import { valueProblem } from "../../protocol/snippet-text.ts";
import { askHost } from "../hosts/host-choice.ts";
import { askChoice, plainLabel } from "../input/choice.ts";
import { type Answer, askSteps, type Step, type StepFrame } from "../input/steps.ts";
import { askText } from "../input/text-input.ts";
import { askField } from "../prompts/secret-input.ts";

/** By the names of the inputs. */
export interface SnippetValues {
  readonly values: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Asks for one input after the other; undefined: the person left. */
export function askInputs(
  title: string,
  inputs: readonly SnippetInput[],
  hosts: readonly Host[],
): Promise<SnippetValues | undefined> {
  const steps = inputs.map(
    (input): Step<SnippetValues> =>
      async (draft, frame) => {
        const isSecret = input.type === "secret";
        const before = draft.values[input.name] ?? input.default ?? "";
        const answer = await askInput(input, before, hosts, frame);
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
  hosts: readonly Host[],
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
    return typeof answer.value === "object" && "name" in answer.value
      ? { value: answer.value.name }
      : "cancel";
  }
  return askText({ prompt: label, value: before, problem: (text) => problemOf(input, text) }, frame);
}

function problemOf(input: SnippetInput, text: string): string | undefined {
  const problem = valueProblem(input, text);
  return problem === undefined ? undefined : vscode.l10n.t("It {0}.", problem);
}
