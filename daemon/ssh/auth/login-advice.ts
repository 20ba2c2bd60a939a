import { visibleLine } from "../../../protocol/visible.ts";
import type { Hop } from "../../transport/remote.ts";

/** Where a refused answer came from: a stored password, or a person. */
export type LoginAnswer = "kept" | "typed";

/** How to supply a password when nobody can be asked; a clause. */
export function passwordAdvice({ name }: Pick<Hop, "name">): string {
  return (
    "be asked for it on a terminal or in the editor, or give it to " +
    `“hostrun hosts login ${visibleLine(name)}”`
  );
}

/** For when the server refused `answer`. */
export function refusedAnswerAdvice(hop: Pick<Hop, "name">, answer: LoginAnswer): string {
  return answer === "typed"
    ? "Check the user name and what was typed."
    : `The refused password is not sent again. Check the user name. If the password is another one by now, ${passwordAdvice(hop)}.`;
}
