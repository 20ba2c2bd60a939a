import * as z from "zod";
import { TargetExpression } from "./job.ts";
import { Command, refuseWithDurable, RunOptions } from "./run.ts";
import { templateProblem, unusedInputs, valueProblem } from "./snippet-text.ts";

const plainText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(text), "must not hold control characters");

export const SnippetName = plainText(100)
  .min(1, "must not be empty")
  .regex(/^\S(?:.*\S)?$/su, "must not begin or end with a blank");

/** A number alone is an id wherever a snippet is named. One that is called so already keeps it. */
const NewSnippetName = SnippetName.refine(
  (name) => !/^\d+$/.test(name),
  "must not be a number alone, which means the snippet of this id: add a letter",
);

export const SnippetInputType = z.enum(["text", "number", "choice", "host", "secret"]);

/** What is asked for before a snippet runs, and stands for `{{name}}` in its command. */
export const SnippetInput = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "must be a name of letters, digits and _")
      .refine((name) => name !== "host", "must not be host, which has the host's own values"),
    type: SnippetInputType,
    label: plainText(200).optional(),
    default: plainText(4096).optional(),
    /** Of a choice. */
    choices: z.array(plainText(1000)).min(1).max(100).optional(),
    /** Of a number. */
    min: z.number().optional(),
    max: z.number().optional(),
  })
  .superRefine((input, issues) => {
    const add = (path: string, message: string) => issues.addIssue({ code: "custom", path: [path], message });
    if ((input.type === "choice") !== (input.choices !== undefined))
      add("choices", "are of a choice, which needs them");
    if (input.type !== "number" && (input.min ?? input.max) !== undefined) add("min", "is of a number");
    if (input.type === "secret" && input.default !== undefined) add("default", "would keep a secret");
  })
  .superRefine((input, issues) => {
    const { min = -Infinity, max = Infinity, choices = [], default: value } = input;
    const add = (path: string, message: string) => issues.addIssue({ code: "custom", path: [path], message });
    if (min > max) add("min", `must be at most ${max}, which is max`);
    const problem = value === undefined ? undefined : valueProblem(input, value);
    if (problem !== undefined) add("default", problem);
    if (choices.some((each) => valueProblem(input, each) !== undefined))
      add("choices", "must each be one line without control characters");
  });
export type SnippetInput = z.infer<typeof SnippetInput>;

const { useBash, loginShell, cwd, pty, sudo, durable, timeoutMs } = RunOptions.shape;
/** How it runs, as far as it says so. */
const SnippetOptions = z
  .strictObject({ useBash, loginShell, cwd, pty, sudo, durable, timeoutMs })
  .superRefine(refuseWithDurable);

const fields = {
  name: SnippetName,
  description: z.string().max(2000).default(""),
  command: Command,
  inputs: z.array(SnippetInput).max(32).default([]),
  options: SnippetOptions.prefault({}),
  /** Where it is meant to run; whoever runs it may say otherwise. */
  targets: z.array(TargetExpression).max(100).default([]),
};

function refuseTemplate(
  { command, inputs }: { command: string; inputs: readonly SnippetInput[] },
  issues: z.RefinementCtx,
) {
  const names = inputs.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    issues.addIssue({ code: "custom", path: ["inputs"], message: "must have a name each" });
  }
  const message = templateProblem(command, inputs);
  if (message !== undefined) issues.addIssue({ code: "custom", path: ["command"], message });
  const [unused] = unusedInputs(command, inputs);
  if (unused !== undefined) {
    const detail = `has ${unused}, which the command does not use: write {{${unused}}} there, or leave it out`;
    issues.addIssue({ code: "custom", path: ["inputs"], message: detail });
  }
}

export const NewSnippet = z.strictObject({ ...fields, name: NewSnippetName }).superRefine(refuseTemplate);
/** One that is there, with changes. */
export const ChangedSnippet = z.strictObject(fields).superRefine(refuseTemplate);
export type NewSnippet = z.infer<typeof NewSnippet>;
export type NewSnippetInput = z.input<typeof NewSnippet>;

export const SnippetChanges = z.strictObject({
  name: NewSnippetName.optional(),
  description: z.string().max(2000).optional(),
  command: Command.optional(),
  inputs: z.array(SnippetInput).max(32).optional(),
  options: SnippetOptions.optional(),
  targets: z.array(TargetExpression).max(100).optional(),
});
export type SnippetChanges = z.infer<typeof SnippetChanges>;

/** A command with inputs, to be run again and again. */
export const Snippet = z
  .object({ id: z.int(), ...fields, createdAt: z.iso.datetime(), updatedAt: z.iso.datetime() })
  .meta({ id: "Snippet" });
export type Snippet = z.infer<typeof Snippet>;

/** Values by the names of the inputs; those of secrets are not sent here, but with the run (`secretEnv`). */
export const ExpandRequest = z.strictObject({
  inputs: z.record(z.string().max(64), z.string().max(4096)).default({}),
  /** Of which the command has the values of the host. */
  host: z.string().min(1).max(255).nullable().default(null),
});

export const ExpandedSnippet = z.object({
  command: z.string(),
  options: SnippetOptions,
  /** The variables that the run's `secretEnv` is to have, by the names of the inputs. */
  secretEnv: z.record(z.string(), z.string()),
});
export type ExpandedSnippet = z.infer<typeof ExpandedSnippet>;
