import * as z from "zod";
import { TargetExpression } from "./job.ts";
import { Command, refuseWithDurable, RunOptions } from "./run.ts";
import { CommandTemplate, plainText, SnippetInput } from "./snippet-input.ts";
import { templateProblem, unusedInputs } from "./snippet-text.ts";

export const SnippetName = plainText(100)
  .min(1, "must not be empty")
  .regex(/^\S(?:.*\S)?$/su, "must not begin or end with a blank");

/** A number alone is an id wherever a snippet is named. A snippet that already has such a name keeps it. */
const NewSnippetName = SnippetName.refine(
  (name) => !/^\d+$/.test(name),
  "must not be a number alone, which means the snippet of this id: add a letter",
);

const { useBash, loginShell, cwd, pty, sudo, durable, timeoutMs } = RunOptions.shape;
/** How it is run; what is absent has its default. */
const SnippetOptions = z
  .strictObject({ useBash, loginShell, cwd, pty, sudo, durable, timeoutMs })
  .superRefine(refuseWithDurable);

const fields = {
  name: SnippetName,
  description: z.string().max(2000).default(""),
  command: Command,
  inputs: z.array(SnippetInput).max(32).default([]),
  options: SnippetOptions.prefault({}),
  /** Where it is meant to run; can be overridden when it is run. */
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
/** An existing snippet, with changes. */
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
  /** The host whose values the command contains. */
  host: z.string().min(1).max(255).nullable().default(null),
  /** Instead of one host: those of a job, or some of them, each with its own values. */
  hosts: z.array(z.string().min(1).max(255)).max(200).default([]),
});
export type ExpandRequest = z.infer<typeof ExpandRequest>;

/** The same for a snippet that is not saved. */
export const ExpandTemplateRequest = z.strictObject({ snippet: ChangedSnippet, ...ExpandRequest.shape });

export const ExpandedSnippet = z.object({
  /** The expanded command; with a `template`, the snippet's own command. */
  command: z.string(),
  options: SnippetOptions,
  /**
   * The template to pass to a job along with the command, which contains values of each host; null: the command is the
   * same on all.
   */
  template: CommandTemplate.nullable(),
  /** With a `template`: the expanded command for each host that was named. */
  commands: z.array(z.object({ host: z.string(), command: z.string() })),
  /** The variables to set in the run's `secretEnv`, by the names of the inputs. */
  secretEnv: z.record(z.string(), z.string()),
});
export type ExpandedSnippet = z.infer<typeof ExpandedSnippet>;
