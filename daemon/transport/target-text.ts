import type { Target } from "./remote.ts";

const texts = new WeakMap<Target, string>();

/** Equal only if every part is equal. Cached per object, since many simultaneous runs share one target. */
export function textOfTarget(target: Target): string {
  const known = texts.get(target);
  if (known !== undefined) return known;
  const text = JSON.stringify(target);
  texts.set(target, text);
  return text;
}
