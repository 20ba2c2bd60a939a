import "./confirmation.css";
import type { FromConfirmation } from "../protocol/confirmation.ts";
import { isPageItselfFocused } from "./page-focus.ts";

declare function acquireVsCodeApi(): { postMessage(message: FromConfirmation): void };

/**
 * The question before a command goes to a production host; the HTML comes from the extension. The button that runs
 * nothing has the focus, and a command that does not fit must be scrolled to its end before the other button is
 * enabled.
 */
const vscode = acquireVsCodeApi();
const command = find("#command", HTMLElement);
const leave = find("#leave", HTMLButtonElement);
const run = find("#run", HTMLButtonElement);
const hint = find("#hint", HTMLElement);

leave.addEventListener("click", () => answer(false));
run.addEventListener("click", () => answer(true));
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape") answer(false);
  // A key held down since before the question must not press a button.
  else if (event.repeat && (event.key === "Enter" || event.key === " ")) event.preventDefault();
});
// A webview is focused as a whole, without a focused element inside.
window.addEventListener("focus", focusLeave);
command.addEventListener("scroll", lookAtEnd);
new ResizeObserver(lookAtEnd).observe(command);
focusLeave();

/** If no host is production, the other button is the likely choice. */
function focusLeave(): void {
  // A page that loads while the user types elsewhere must not take the keys.
  if (!isPageItselfFocused()) return;
  const isCalm = document.querySelector("[data-calm]") !== null;
  if (isCalm && !run.disabled) run.focus();
  else leave.focus();
}

function lookAtEnd(): void {
  if (command.scrollTop + command.clientHeight < command.scrollHeight - 2) return;
  if (run.disabled && document.activeElement === leave && document.querySelector("[data-calm]") !== null) {
    run.disabled = false;
    run.focus();
  }
  run.disabled = false;
  hint.hidden = true;
}

function answer(isRun: boolean): void {
  vscode.postMessage({ type: "answer", run: isRun });
}

function find<T extends Element>(selector: string, type: new () => T): T {
  const found = document.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
}
