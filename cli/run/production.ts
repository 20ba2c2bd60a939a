import type { Daemon } from "../../client/daemon.ts";
import { Problem } from "../../protocol/problem.ts";
import { visible } from "../../protocol/visible.ts";
import { warn } from "../console.ts";
import type { RunPlan } from "./options.ts";

/**
 * Whether it may run: on a production host only after a person at the terminal has said yes to the whole command, or
 * with `--yes`. What keeps it from running is told.
 */
export async function mayRun(daemon: Daemon, plan: RunPlan): Promise<boolean> {
  const { host, command } = plan.request;
  if (plan.yes || !(await isProduction(daemon, String(host)))) return true;
  const name = visible(String(host));
  const { askOnTerminal, yesOrNo } = await import("./terminal-question.ts");
  const lines = command.split("\n").map((line) => `  ${visible(line)}\n`);
  const answer = plan.ask
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

async function isProduction(daemon: Daemon, host: string): Promise<boolean> {
  try {
    return await daemon.isProduction(host);
  } catch (error) {
    // What is wrong with it, the run says.
    if (!(error instanceof Problem)) throw error;
    return false;
  }
}
