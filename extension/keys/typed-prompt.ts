import { isPasswordField } from "../../protocol/password-label.ts";
import type { Prompt } from "../../protocol/prompt.ts";

export type TypedPrompt = Pick<Prompt, "kind" | "hop" | "fields">;

/** Whether a password is what a person has typed, also where the server asks for it in words of its own. */
export function asksForPassword({ kind, fields }: TypedPrompt): boolean {
  return kind === "password" || (kind === "keyboardInteractive" && fields.some(isPasswordField));
}
