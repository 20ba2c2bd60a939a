import { endpoint, reading, writing } from "./endpoint.ts";
import { listOf } from "./list.ts";
import { Prompt, PromptAnswers } from "./prompt.ts";
import { routes } from "./routes.ts";

export const promptEndpoints = {
  listPrompts: endpoint({
    method: "GET",
    path: "/api/prompts",
    summary: "The open prompts",
    status: 200,
    output: listOf(Prompt),
    problems: [],
  }),
  answerPrompt: endpoint({
    ...routes.answerPrompt,
    summary: "Answer a prompt",
    body: PromptAnswers,
    status: 204,
    output: "none",
    problems: [...writing, "prompt_closed"],
  }),
  declinePrompt: endpoint({
    ...routes.declinePrompt,
    summary: "Decline a prompt: whatever waits for it fails",
    status: 204,
    output: "none",
    problems: [...reading, "prompt_closed"],
  }),
};
