import type { Change } from "../../protocol/change.ts";

/** The hops at which a run or a test has failed: answers given for them were not accepted. */
export function failedHops(change: Change): string[] {
  if (change.type === "runChanged") {
    const { state, problem } = change.run;
    return state === "ended" && problem?.hop !== undefined ? [problem.hop] : [];
  }
  if (change.type !== "hostTest") return [];
  return change.steps.filter(({ state }) => state === "failed").map(({ hop }) => hop);
}
