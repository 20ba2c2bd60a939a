import { visibleLine } from "../../../protocol/visible.ts";
import type { Hop } from "../../transport/remote.ts";

/** What a server was answered besides keys: a password that was kept, or what a person typed. */
export type LoginAnswer = "kept" | "typed";

/** How a password gets there where nobody is to be asked; a clause. */
export function passwordAdvice({ name }: Pick<Hop, "name">): string {
  return (
    "be asked for it on a terminal or in the editor, or give it to " +
    `“hostrun hosts login ${visibleLine(name)}”`
  );
}

/** A server did not take `answer`. */
export function refusedAnswerAdvice(hop: Pick<Hop, "name">, answer: LoginAnswer): string {
  return answer === "typed"
    ? "Check the user name and what was typed."
    : `The refused password is not sent again. Check the user name. If the password is another one by now, ${passwordAdvice(hop)}.`;
}
