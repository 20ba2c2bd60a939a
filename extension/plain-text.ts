import { unseen } from "../protocol/visible.ts";

/** What would change the look of text around it. */
const unseenRuns = new RegExp(`(?:${unseen().source})+`, "gu");

/** Text of any origin on one line, for a row, a tab or a list. */
export function oneLine(text: string): string {
  return text.replace(unseenRuns, " ").trim();
}

/** The same, at most `length` characters long; what is left out is marked by "…". */
export function shortened(text: string, length: number): string {
  const characters = [...oneLine(text)];
  return characters.length <= length ? characters.join("") : `${characters.slice(0, length - 1).join("")}…`;
}

/** A command on one line, on which the ends of its lines can be seen; shortened like that. */
export function commandLine(command: string, length: number): string {
  return shortened(command.trim().replace(/\s*\n\s*/g, " ⏎ "), length);
}

/** For a place where VS Code turns `$(name)` into an icon (quick picks, the status bar): shown as it stands. */
export function iconless(text: string): string {
  // A backslash would do on the screen, but what screen readers are told loses every `$(`, whatever stands before it.
  return text.replaceAll("$(", "$\u200b(");
}

/** For a notification, where VS Code turns `[text](address)` into a link: shown as it stands. */
export function linkless(text: string): string {
  return text.replaceAll("](", "] (");
}
