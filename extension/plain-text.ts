import { unseen } from "../protocol/visible.ts";

/** Characters that would affect how the surrounding text is displayed. */
const unseenRuns = new RegExp(`(?:${unseen().source})+`, "gu");

/** External text as one line, for a row, a tab or a list. */
export function oneLine(text: string): string {
  return text.replace(unseenRuns, " ").trim();
}

/** The same, at most `length` characters long; omitted text is replaced by "…". */
export function shortened(text: string, length: number): string {
  const characters = [...oneLine(text)];
  return characters.length <= length ? characters.join("") : `${characters.slice(0, length - 1).join("")}…`;
}

/** A command as one line, with visible line breaks; shortened in the same way. */
export function commandLine(command: string, length: number): string {
  return shortened(command.trim().replace(/\s*\n\s*/g, " ⏎ "), length);
}

/** Text for a place where VS Code turns `$(name)` into an icon (quick picks, the status bar), to be shown literally. */
export function iconless(text: string): string {
  // A backslash would work visually, but screen readers lose every `$(`, whatever precedes it.
  return text.replaceAll("$(", "$\u200b(");
}

/** Text for a notification, where VS Code turns `[text](address)` into a link, to be shown literally. */
export function linkless(text: string): string {
  return text.replaceAll("](", "] (");
}
