import type * as vscode from "vscode";
import type * as z from "zod";

/** A message from the page of a panel; undefined, and logged, if it is none that this page sends. */
export function panelMessage<Message>(
  schema: z.ZodType<Message>,
  message: unknown,
  { panel, log }: { readonly panel: string; readonly log: vscode.LogOutputChannel },
): Message | undefined {
  const { success, data, error } = schema.safeParse(message);
  if (success) return data;
  const where = error.issues[0]?.path.join(".") ?? "";
  log.warn(`A message of the panel of ${panel} was not understood, at "${where}"`);
  return undefined;
}
