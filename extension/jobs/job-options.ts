import * as vscode from "vscode";
import type { JobRequestInput } from "../../protocol/job.ts";
import { shareOf } from "../../protocol/share.ts";
import { formatSpan, spanOf } from "../../protocol/span.ts";
import { type Answer, type StepFrame, untilAnswered } from "../input/steps.ts";
import { askText } from "../input/text-input.ts";

/** How a job is run, apart from its targets and command; absent options have the daemon's defaults. */
export type JobOptions = Pick<
  JobRequestInput,
  "concurrency" | "batches" | "failFast" | "maxFailures" | "timeoutMs"
>;

const defaultConcurrency = 64;
const maxConcurrency = 1000;

/** One of them as the user sets it. */
interface Option {
  readonly label: string;
  /** The current value. */
  readonly words: (options: JobOptions) => string;
  /** As typed; empty text removes it. Undefined: it is a toggle. */
  readonly text?: (options: JobOptions) => string;
  readonly hint?: string;
  /** Undefined if the text is invalid. */
  readonly set: (options: JobOptions, text: string) => JobOptions | undefined;
}

/** Asks for options, in any order, until the user continues. */
export async function askJobOptions(start: JobOptions, frame: StepFrame): Promise<Answer<JobOptions>> {
  let options = start;
  for (;;) {
    const chosen = await chooseOption(options, frame);
    if (typeof chosen === "string") return chosen;
    if (chosen.value === "goOn") return { value: options };
    const changed = await setOption(chosen.value, options, frame);
    if (changed === "cancel") return "cancel";
    if (changed !== "back") options = changed.value;
  }
}

function chooseOption(options: JobOptions, frame: StepFrame): Promise<Answer<Option | "goOn">> {
  const input = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly value: Option | "goOn" }>();
  input.placeholder = vscode.l10n.t("Continue, or choose an option to change");
  const goOn = { label: `$(arrow-right) ${vscode.l10n.t("Continue")}`, value: "goOn" as const };
  const all = jobOptions().map((value) => ({ label: value.label, description: value.words(options), value }));
  input.items = [goOn, ...all];
  return untilAnswered<Option | "goOn">(input, frame, (answer) => [
    input.onDidAccept(() => {
      const [item] = input.selectedItems;
      if (item !== undefined) answer({ value: item.value });
    }),
  ]);
}

async function setOption(
  { label, text, hint = "", set }: Option,
  options: JobOptions,
  frame: StepFrame,
): Promise<Answer<JobOptions>> {
  if (text === undefined) return { value: set(options, "") ?? options };
  const answer = await askText(
    {
      prompt: hint === "" ? label : `${label}: ${hint}`,
      value: text(options),
      problem: (typed) =>
        set(options, typed) === undefined ? vscode.l10n.t("Must be {0}", hint) : undefined,
    },
    { ...frame, step: Math.max(2, frame.step) },
  );
  return typeof answer === "string" ? answer : { value: set(options, answer.value) ?? options };
}

function jobOptions(): readonly Option[] {
  return [
    {
      label: vscode.l10n.t("Hosts at Once"),
      words: ({ concurrency = defaultConcurrency }) => String(concurrency),
      text: ({ concurrency = defaultConcurrency }) => String(concurrency),
      hint: vscode.l10n.t("a number from 1 to 1000"),
      set: (options, text) => {
        const concurrency = /^\d{1,4}$/.test(text) ? Number(text) : 0;
        return concurrency >= 1 && concurrency <= maxConcurrency ? { ...options, concurrency } : undefined;
      },
    },
    {
      label: vscode.l10n.t("Batches"),
      words: ({ batches }) => batches?.join(", ") ?? vscode.l10n.t("none"),
      text: ({ batches }) => batches?.join(", ") ?? "",
      hint: vscode.l10n.t("numbers of hosts or shares such as 1, 10%, 50%; empty for none"),
      set: (options, text) => {
        if (text === "") return { ...options, batches: null };
        const batches = text.split(",").map((size) => shareOf(size.trim(), 1));
        const known = batches.filter((size) => size !== undefined);
        return known.length === batches.length ? { ...options, batches: known } : undefined;
      },
    },
    {
      label: vscode.l10n.t("Stop After First Failure"),
      words: ({ failFast = false }) => (failFast ? vscode.l10n.t("yes") : vscode.l10n.t("no")),
      set: (options) => ({ ...options, failFast: options.failFast !== true }),
    },
    {
      label: vscode.l10n.t("Maximum Failures"),
      words: ({ maxFailures }) => String(maxFailures ?? vscode.l10n.t("no limit")),
      text: ({ maxFailures }) => String(maxFailures ?? ""),
      hint: vscode.l10n.t("a number of hosts or a share such as 20%; empty for no limit"),
      set: (options, text) => {
        const maxFailures = text === "" ? null : shareOf(text, 0);
        return maxFailures === undefined ? undefined : { ...options, maxFailures };
      },
    },
    {
      label: vscode.l10n.t("Time Limit per Host"),
      words: ({ timeoutMs }) =>
        timeoutMs === undefined ? vscode.l10n.t("as in the settings") : limitLabel(timeoutMs),
      text: ({ timeoutMs }) => (timeoutMs === undefined ? "" : `${timeoutMs / 1000}s`),
      hint: vscode.l10n.t("a duration such as 30s, 5m or 2h, or 0 for no limit; empty for the setting's"),
      set: (options, text) => {
        const { timeoutMs: _, ...others } = options;
        if (text === "") return others;
        const timeoutMs = spanOf(text);
        return timeoutMs === undefined || timeoutMs > maxTimeoutMs ? undefined : { ...options, timeoutMs };
      },
    },
  ];
}

/** The maximum of Node's timers. */
const maxTimeoutMs = 2 ** 31 - 1;

function limitLabel(timeoutMs: number): string {
  return timeoutMs === 0 ? vscode.l10n.t("no limit") : formatSpan(timeoutMs);
}

/** Labels shown before anything runs, for options that differ from the default. */
export function jobOptionLabels(options: JobOptions): readonly string[] {
  const { concurrency, batches, failFast, maxFailures, timeoutMs } = options;
  return [
    ...(concurrency === undefined ? [] : [vscode.l10n.t("{0} at once", concurrency)]),
    ...(batches === undefined || batches === null
      ? []
      : [vscode.l10n.t("batches of {0}", batches.join(", "))]),
    ...(failFast === true ? [vscode.l10n.t("stops after the first failure")] : []),
    ...(maxFailures === undefined || maxFailures === null
      ? []
      : [
          maxFailures === 1
            ? vscode.l10n.t("at most 1 failure")
            : vscode.l10n.t("at most {0} failures", maxFailures),
        ]),
    ...(timeoutMs === undefined ? [] : [vscode.l10n.t("time limit: {0}", limitLabel(timeoutMs))]),
  ];
}
