import { isPasswordField } from "../../protocol/password-label.ts";
import type { Prompt } from "../../protocol/prompt.ts";

export type TypedPrompt = Pick<Prompt, "kind" | "hop" | "fields">;

/** Whether the user typed a password, even if the server asks for it in its own words. */
export function asksForPassword({ kind, fields }: TypedPrompt): boolean {
  return kind === "password" || (kind === "keyboardInteractive" && fields.some(isPasswordField));
}
