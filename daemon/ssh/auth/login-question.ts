import type { PromptField, PromptKind } from "../../../protocol/prompt.ts";
import type { Question } from "../../transport/questioner.ts";
import { hopName } from "../../transport/hop-name.ts";
import type { LoginContext } from "./login-method.ts";

export interface Asked {
  readonly kind: PromptKind;
  readonly title: string;
  readonly instructions?: string;
  readonly attempt: number;
  readonly fields: readonly PromptField[];
}

/** A prompt of a login. */
export function loginQuestion(
  { hop, unasked }: Pick<LoginContext, "hop" | "unasked">,
  { fields, instructions = "", ...asked }: Asked,
): Question {
  const place = { host: hop.name, hop: hopName(hop), user: hop.user };
  return { ...asked, ...place, instructions, fields: [...fields], key: null, unasked: unasked() };
}
