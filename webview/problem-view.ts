import { recordedKeys, removalSteps } from "../protocol/changed-key.ts";
import type { ProblemDetails } from "../protocol/problem.ts";
import { element, icon } from "./element.ts";
import { label } from "./labels.ts";

export type ProblemAction = "trust" | "runAgain" | "showLog" | { readonly mend: string };

/** What went wrong and what to do next (both in a problem's detail), and the buttons for it. */
export function createProblemView(
  problem: ProblemDetails,
  mending: readonly string[],
  act: (action: ProblemAction) => void,
): HTMLElement {
  const title = element("h2", { id: "problem-title" }, icon("warning"), problem.title);
  const view = element("section", { class: "problem", role: "alert", "aria-labelledby": "problem-title" });
  view.append(title, element("p", { class: "problem-detail" }, detailOf(problem)));
  if (problem.issues !== undefined) view.append(issueList(problem.issues));
  view.append(...hostKeys(problem));
  view.append(element("div", { class: "problem-actions" }, ...buttons(problem, mending, act)));
  return view;
}

/** The detail of a changed key also contains the fingerprints, which are listed below it. */
function detailOf(problem: ProblemDetails): string {
  const recorded = recordedKeys(problem);
  if (recorded.length === 0) return problem.detail;
  const { hop, host = "" } = problem;
  const steps = removalSteps(recorded, (place) => label("keyEdit", place));
  const removal = `${label("keyRemoval")}: ${steps.join("; ")}`;
  return `${label("keyChanged", hop ?? host)} ${label("keyWarning")} ${removal}`;
}

function buttons(
  problem: ProblemDetails,
  mending: readonly string[],
  act: (action: ProblemAction) => void,
): HTMLElement[] {
  const made: HTMLElement[] = [];
  // A strict policy leaves no choice: the key must be added to known_hosts by hand.
  const trustable = problem.code === "host_key_unknown" && problem.reason !== "strict";
  if (trustable) made.push(button(label("trustAndRun"), () => act("trust")));
  // The message for a declined question itself suggests running again.
  if (problem.retryable || problem.code === "declined")
    made.push(button(label("runAgain"), () => act("runAgain")));
  // The last one only copies the problem.
  const isLikely = made.length > 0 || mending.length > 1;
  made.push(...mending.map((title) => button(title, () => act({ mend: title }))));
  made.push(button(label("showLog"), () => act("showLog")));
  // The first is the likely next step; copying the problem and showing the log are not.
  if (isLikely) made[0]?.classList.add("primary");
  return made;
}

function button(text: string, press: () => void): HTMLButtonElement {
  const made = element("button", { class: "text-button", type: "button" }, text);
  made.addEventListener("click", press);
  return made;
}

function hostKeys({ keyType, fingerprint, expected }: ProblemDetails): HTMLElement[] {
  const list = element("dl", { class: "keys" });
  if (fingerprint !== undefined) {
    const key = `${keyType ?? ""} ${fingerprint}`.trim();
    list.append(element("dt", {}, label("keyOffered")), element("dd", {}, key));
  }
  if (expected !== undefined && expected.length > 0) {
    list.append(element("dt", {}, label("keysExpected")));
    for (const key of expected) {
      list.append(element("dd", {}, label("keyAt", key.keyType, key.fingerprint, key.at)));
    }
  }
  return list.childElementCount === 0 ? [] : [list];
}

function issueList(issues: { path: string; message: string }[]): HTMLElement {
  const rows = issues.map(({ path, message }) =>
    element("li", {}, path === "" ? "" : element("code", {}, path), path === "" ? message : ` ${message}`),
  );
  return element("ul", { class: "issues" }, ...rows);
}
