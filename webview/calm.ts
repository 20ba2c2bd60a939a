import type { Look } from "../protocol/panel.ts";

/**
 * Whether motion is reduced: by the setting, or by the system's preference, which VS Code exposes as a class of the
 * body.
 */
export function isCalm(look: Look): boolean {
  return look.reducedMotion || document.body.classList.contains("vscode-reduce-motion");
}
