import type { Prompts } from "../../prompts/prompts.ts";
import type { Handlers } from "../request-context.ts";

export function promptRoutes(
  prompts: Prompts,
): Pick<Handlers, "listPrompts" | "answerPrompt" | "declinePrompt"> {
  return {
    listPrompts: () => ({ items: prompts.list(), nextCursor: null }),
    answerPrompt: ({ params, body }) => {
      prompts.answer(params.prompt, body);
      return undefined;
    },
    declinePrompt: ({ params }) => {
      prompts.decline(params.prompt);
      return undefined;
    },
  };
}
