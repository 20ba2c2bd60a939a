import type { PromptPolicy } from "../../protocol/prompt.ts";
import type { Prompts } from "../prompts/prompts.ts";
import type { Questioner } from "../transport/questioner.ts";
import type { LiveRun } from "./record/live-run.ts";

/** Puts a run's questions to a person, and records them in the run's own events. Undefined: nobody answers. */
export function questionerOf(
  live: LiveRun,
  policy: PromptPolicy,
  prompts: Pick<Prompts, "questioner">,
): Questioner | undefined {
  if (policy === "fail") return undefined;
  return prompts.questioner({
    runId: live.run.id,
    opened: (prompt) => live.prompt({ type: "prompt", prompt }),
    closed: (promptId, outcome) => live.prompt({ type: "promptClosed", promptId, outcome }),
  });
}
