import { parseJump } from "./destination.ts";

/**
 * The names along a loop in a host's jump hosts, e.g. web1, web2, web1, which would fail each run with `conflict`;
 * undefined: there is no loop. `jumpsOf` returns the jump hosts of another host. Only the first of a host's jump hosts
 * is reached by its own jump hosts: each of the others is reached through the one before.
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

/** The message for a loop, which follows `jump`. */
export function jumpLoopMessage(loop: readonly string[]): string {
  return `must not form a loop: ${loop.join(" → ")}`;
}
