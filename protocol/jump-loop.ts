import { parseJump } from "./destination.ts";

/**
 * The names by which a host's jump hosts lead in a circle, e.g. web1, web2, web1, and `conflict` would be the end of each
 * run; undefined: they don't. `jumpsOf` gives the jump hosts of another host. Only the first of a host's is reached by a
 * way of its own: to each of the others the way is the one before.
 */
export function jumpLoop(
  name: string,
  jump: readonly string[],
  jumpsOf: (host: string) => readonly string[] | undefined,
): readonly string[] | undefined {
  let seen = [name];
  let hops: readonly string[] | undefined = jump;
  while (hops !== undefined && hops.length > 0) {
    const hosts: string[] = hops.map((text) => parseJump(text)?.host ?? text);
    const again = hosts.find((host) => seen.includes(host));
    if (again !== undefined) return [...seen, again];
    const [first = ""] = hosts;
    seen = [...seen, first];
    hops = jumpsOf(first);
  }
  return undefined;
}

/** As it is said of `jump`. */
export function jumpLoopMessage(loop: readonly string[]): string {
  return `must not form a loop: ${loop.join(" → ")}`;
}
