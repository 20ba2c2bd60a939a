import { Problem } from "../../protocol/problem.ts";

/** Throws `conflict` if a variable of the original `secretEnv` is not given again. `whose`: "This run". */
export function requireSecrets(
  whose: string,
  names: readonly string[],
  given: Readonly<Record<string, string>>,
): void {
  const missing = names.filter((name) => !Object.hasOwn(given, name));
  if (missing.length === 0) return;
  const detail = `${whose} had secret variables, which are not kept. Give them again (secretEnv): ${missing.join(", ")}.`;
  throw new Problem("conflict", detail);
}
