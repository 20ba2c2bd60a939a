import type { Daemon } from "../../client/daemon.ts";
import { Problem } from "../../protocol/problem.ts";
import { visible } from "../../protocol/visible.ts";
import { warn } from "../console.ts";
import type { RunPlan } from "./options.ts";

/** Whether nothing was run because the host is marked as production. */
export function needsConfirmation(error: unknown): boolean {
  return error instanceof Problem && error.code === "confirmation_required";
}

/**
 * Asks the person at the terminal to confirm the whole command on a production host. If it may not run, reports why.
 */
export function confirmRun(plan: RunPlan): Promise<boolean> {
  const name = visible(String(plan.request.host));
  return confirmCommand(plan, {
    where: `${name} is a production host. This would run there:`,
    question: `Run it on ${name}?`,
    refusal: `${name} is a production host.`,
  });
}

interface ConfirmedCommand {
  readonly request: { readonly command: string };
  readonly ask: boolean;
}

/** The same for several hosts, which are all named: agreeing to a number is not consent. */
export async function confirmJob(
  daemon: Daemon,
  plan: ConfirmedCommand,
  production: readonly string[],
): Promise<boolean> {
  const { foldNames } = await import("../../protocol/host-set.ts");
  const reasons = await machinesOf(daemon, production);
  const names = production.map((name) => `  ${visible(name)}${reasons.get(name) ?? ""}\n`).join("");
  const folded = Map.groupBy(production, (name) => reasons.get(name) ?? "");
  const hosts = [...folded].map(([reason, those]) => foldNames(those) + reason).join(", ");
  return confirmCommand(plan, {
    where: `These are production hosts:\n\n${names}\nThis would run there:`,
    question: "Run it?",
    refusal: `Production hosts: ${hosts}.`,
  });
}

/** Why hosts that are not marked count as production: they are the same machine as one that is marked. */
async function machinesOf(daemon: Daemon, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { machineFinder } = await import("../../protocol/machine.ts");
  const { items } = await daemon.ask("listHosts");
  const markedOn = machineFinder(items.filter(({ production }) => production));
  const wanted = new Set(names);
  const reasons = new Map<string, string>();
  for (const host of items) {
    if (!wanted.has(host.name) || host.production) continue;
    const marked = markedOn(host);
    if (marked !== undefined) reasons.set(host.name, ` (the machine of ${visible(marked.name)})`);
  }
  return reasons;
}

async function confirmCommand(
  { request, ask }: ConfirmedCommand,
  { where, question, refusal }: Record<"where" | "question" | "refusal", string>,
): Promise<boolean> {
  const { askOnTerminal, yesOrNo } = await import("../prompts/terminal-question.ts");
  const lines = request.command.split("\n").map((line) => `  ${visible(line)}\n`);
  const answer = ask
    ? await askOnTerminal({
        question: `${where}\n\n${lines.join("")}\n${question} [yes/no] `,
        again: "Please type yes or no: ",
        judge: yesOrNo,
      })
    : undefined;
  if (answer === undefined) warn(`${refusal} Nothing was run; --yes runs it without a question.`);
  if (answer === false) warn("Nothing was run.");
  return answer === true;
}
