import { Problem } from "../../protocol/problem.ts";
import { visible } from "../../protocol/visible.ts";
import { warn } from "../console.ts";
import type { RunPlan } from "./options.ts";

/** Whether nothing was run because the host is marked as production. */
export function needsConfirmation(error: unknown): boolean {
  return error instanceof Problem && error.code === "confirmation_required";
}

/**
 * Whether a person at the terminal says yes to the whole command on a production host. What keeps it from running is told.
 */
export async function confirmRun({ request, ask }: RunPlan): Promise<boolean> {
  const name = visible(String(request.host));
  const { askOnTerminal, yesOrNo } = await import("../prompts/terminal-question.ts");
  const lines = request.command.split("\n").map((line) => `  ${visible(line)}\n`);
  const answer = ask
    ? await askOnTerminal({
        question: `${name} is a production host. This would run there:\n\n${lines.join("")}\nRun it on ${name}? [yes/no] `,
        again: "Please type yes or no: ",
        judge: yesOrNo,
      })
    : undefined;
  if (answer === undefined)
    warn(`${name} is a production host. Nothing was run; --yes runs it without a question.`);
  if (answer === false) warn("Nothing was run.");
  return answer === true;
}
