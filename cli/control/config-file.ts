import { invalidRequest } from "../../protocol/invalid-request.ts";
import { Problem } from "../../protocol/problem.ts";
import { SettingsPatch } from "../../protocol/settings.ts";
import { writeFileAtomically } from "../../state-directory/atomic-file.ts";
import { readOwnFile } from "../../state-directory/own-file.ts";

type Entries = Readonly<Record<string, unknown>>;

/**
 * The content of config.json, valid or not; undefined if it cannot be read, or is not a JSON object. Throws
 * `forbidden` if it is not this user's own.
 */
export function readEntries(path: string): Entries | undefined {
  try {
    const content: unknown = JSON.parse(readOwnFile(path) ?? "{}");
    const isObject = typeof content === "object" && content !== null && !Array.isArray(content);
    return isObject ? Object.fromEntries(Object.entries(content)) : undefined;
  } catch (failure) {
    if (failure instanceof Problem) throw failure;
    return undefined;
  }
}

/**
 * Changes one entry and leaves all others alone, even invalid ones; null removes it. Throws `invalid_request` for a value that the setting does not allow.
 */
export function changeEntry(path: string, entries: Entries, name: string, value: unknown): void {
  if (value !== null) {
    const { error } = SettingsPatch.safeParse({ [name]: value });
    if (error !== undefined) throw invalidRequest(error);
  }
  const others = Object.entries(entries).filter(([key]) => key !== name);
  const next = Object.fromEntries(value === null ? others : [...others, [name, value]]);
  writeFileAtomically(path, `${JSON.stringify(next, null, 2)}\n`);
}
