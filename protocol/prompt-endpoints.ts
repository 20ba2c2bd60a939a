import { endpoint, reading, writing } from "./endpoint.ts";
import { listOf } from "./list.ts";
import { Prompt, PromptAnswers } from "./prompt.ts";
import { routes } from "./routes.ts";

export const promptEndpoints = {
  listPrompts: endpoint({
    method: "GET",
    path: "/api/prompts",
    summary: "The questions that wait for a person",
    status: 200,
    output: listOf(Prompt),
    problems: [],
  }),
  answerPrompt: endpoint({
    ...routes.answerPrompt,
    summary: "Answer a question",
    body: PromptAnswers,
    status: 204,
    output: "none",
    problems: [...writing, "prompt_closed"],
  }),
  declinePrompt: endpoint({
    ...routes.declinePrompt,
    summary: "Decline a question: what waits for it fails",
    status: 204,
    output: "none",
    problems: [...reading, "prompt_closed"],
  }),
};
