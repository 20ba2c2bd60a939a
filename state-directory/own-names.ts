import { readdirSync } from "node:fs";

/** How the names begin of all that Hostrun keeps in its state directory. */
export const ownNames =
  /^(?:daemon\.(?:json|lock|log|sock)|token|config\.json|known_hosts|instance\.lock|compile-cache|hostrun\.db)/;

/** Whether a directory is used for something else: a state directory has a store, or nothing but what is Hostrun's. */
export function isOfOthers(directory: string): boolean {
  const names = readdirSync(directory);
  if (names.some((name) => /^(?:hostrun\.db|instance\.lock)/.test(name))) return false;
  return names.some((name) => !ownNames.test(name));
}
