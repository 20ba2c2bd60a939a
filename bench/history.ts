import { appendFile, mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { isMet, type Goal } from "./table.ts";

/** The results of one run of the benchmarks. */
export interface Outcome {
  readonly at: string;
  readonly commit: string;
  readonly goals: readonly (Goal & { readonly met: boolean })[];
}

/** Only for this machine, since figures from another are not comparable. One JSON line per run. */
const file = join(homedir(), ".cache", "hostrun", "bench.jsonl");

export function outcomeOf(commit: string, goals: readonly Goal[]): Outcome {
  return {
    at: new Date().toISOString(),
    commit,
    goals: goals.map((goal) => ({ ...goal, met: isMet(goal) })),
  };
}

export async function remember(outcome: Outcome): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${JSON.stringify(outcome)}\n`);
}

/** Looks up a goal's last result. */
export async function readHistory(): Promise<(goal: Goal) => number | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  const last = new Map<string, number>();
  for (const line of text.split("\n")) {
    for (const { id, meaning, value } of goalsIn(line)) last.set(`${id} ${meaning}`, value);
  }
  return ({ id, meaning }) => last.get(`${id} ${meaning}`);
}

function goalsIn(line: string): { id: string; meaning: string; value: number }[] {
  let outcome: unknown;
  try {
    outcome = JSON.parse(line);
  } catch {
    return [];
  }
  const goals: unknown = Reflect.get(Object(outcome), "goals");
  if (!Array.isArray(goals)) return [];
  return goals.map((goal: unknown) => ({
    id: String(Reflect.get(Object(goal), "id")),
    meaning: String(Reflect.get(Object(goal), "meaning")),
    value: Number(Reflect.get(Object(goal), "value")),
  }));
}
