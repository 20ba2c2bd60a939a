import { Problem } from "../../protocol/problem.ts";

/**
 * A header whose value is one word of visible ASCII characters; undefined if it is absent. Throws `invalid_request`.
 */
export function headerWord(header: (name: string) => string | undefined, name: string): string | undefined {
  const value = header(name);
  if (value === undefined || /^[\x21-\x7e]{1,255}$/.test(value)) return value;
  const message = "must be 1 to 255 visible ASCII characters";
  throw new Problem("invalid_request", `${name} ${message}.`, { issues: [{ path: name, message }] });
}
