import { readdirSync } from "node:fs";

/** Prefixes of all names that Hostrun uses in its state directory. */
export const ownNames =
  /^(?:daemon\.(?:json|lock|log|sock)|token|config\.json|known_hosts|instance\.lock|compile-cache|hostrun\.db)/;

/** Whether a directory is used for something else: a state directory has a store, or only files of Hostrun. */
export function isOfOthers(directory: string): boolean {
  const names = readdirSync(directory);
  if (names.some((name) => /^(?:hostrun\.db|instance\.lock)/.test(name))) return false;
  return names.some((name) => !ownNames.test(name));
}
