import type { Questioner } from "../../transport/questioner.ts";
import type { Respondent } from "../auth/dialogue.ts";
import type { ConnectDeadline } from "../connect/deadline.ts";
import { nobody } from "./shared-questions.ts";

/** The connect deadline is paused while a person is asked. */
export function respondentOf(questioner: Questioner | undefined, deadline: ConnectDeadline): Respondent {
  if (questioner === undefined) return nobody;
  return {
    present: true,
    async ask(question, signal) {
      using stack = new DisposableStack();
      stack.use(deadline.pause());
      return await questioner.ask(question, signal);
    },
  };
}
