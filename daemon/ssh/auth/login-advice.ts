import { visibleLine } from "../../../protocol/visible.ts";
import type { Hop } from "../../transport/remote.ts";

/** What a server was answered besides keys: a password that was kept, or what a person typed. */
export type LoginAnswer = "kept" | "typed";

/** How a password gets there where nobody is to be asked; a clause. */
export function passwordAdvice({ name }: Pick<Hop, "name">): string {
  return (
    "run it from a terminal or from the editor, which ask, or keep the password with " +
    `“hostrun hosts login ${visibleLine(name)}”`
  );
}

/** A server did not take `answer`. */
export function refusedAnswerAdvice(hop: Pick<Hop, "name">, answer: LoginAnswer): string {
  return answer === "typed"
    ? "Check the user name and what was typed."
    : `The refused password is not sent again. Check the user name; to give another password, ${passwordAdvice(hop)}.`;
}
