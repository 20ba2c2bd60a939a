import type { Look } from "../protocol/panel.ts";

/** By setting, or by the system's wish, of which VS Code tells by a class of the body. */
export function isCalm(look: Look): boolean {
  return look.reducedMotion || document.body.classList.contains("vscode-reduce-motion");
}
