import * as z from "zod";
import { templateProblem, valueProblem } from "./snippet-text.ts";

export const plainText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(text), "must not contain control characters");

export const SnippetInputType = z.enum(["text", "number", "choice", "host", "secret"]);

/** A value that is asked for before a snippet runs, and replaces `{{name}}` in its command. */
export const SnippetInput = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "must be a name of letters, digits and _")
      .refine((name) => name !== "host", "must not be host, which has the host's own values"),
    type: SnippetInputType,
    label: plainText(200).optional(),
    default: plainText(4096).optional(),
    /** For a choice. */
    choices: z.array(plainText(1000)).min(1).max(100).optional(),
    /** For a number. */
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

/**
 * What a command with values of the host needs to be expanded for each host: a value for each of its inputs that is
 * not a secret.
 */
export const CommandTemplate = z.strictObject({
  inputs: z.array(SnippetInput).max(32),
  values: z.record(z.string().max(64), z.string().max(4096)),
});
export type CommandTemplate = z.infer<typeof CommandTemplate>;

/** Adds issues for values in places where they cannot be quoted, and for values that are missing or invalid. */
export function refuseBadTemplate(
  { command, template }: { readonly command: string; readonly template: CommandTemplate | null },
  issues: z.RefinementCtx,
): void {
  if (template === null) return;
  const { inputs, values } = template;
  const problem = templateProblem(command, inputs);
  if (problem !== undefined) issues.addIssue({ code: "custom", path: ["command"], message: problem });
  for (const input of inputs) {
    if (input.type === "secret") continue;
    const value = Object.hasOwn(values, input.name) ? values[input.name] : undefined;
    const message = value === undefined ? "is missing" : valueProblem(input, value);
    if (message === undefined) continue;
    issues.addIssue({ code: "custom", path: ["template", "values", input.name], message });
  }
}
