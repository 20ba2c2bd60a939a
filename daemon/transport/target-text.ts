import type { Target } from "./remote.ts";

const texts = new WeakMap<Target, string>();

/** The same only for what is the same in every part; made once of each, since many runs that come at once have one target. */
export function textOfTarget(target: Target): string {
  const known = texts.get(target);
  if (known !== undefined) return known;
  const text = JSON.stringify(target);
  texts.set(target, text);
  return text;
}
