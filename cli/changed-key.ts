import type { ProblemMembers } from "../protocol/problem.ts";

/**
 * The message about a changed host key: the new fingerprint below the recorded ones, so that they can be compared
 * character by character, and how to replace those. Undefined for any other problem.
 */
export function changedKeyLines(members: ProblemMembers): readonly string[] | undefined {
  const { host = "", hop = host, keyType = "", fingerprint = "", expected = [], reason } = members;
  if (expected.length === 0 || reason !== undefined) return undefined;
  return [
    `${host}: The host key of ${hop} has changed. Somebody may be between you and the host, or the server was reinstalled. ` +
      "Check the new fingerprint with its administrator. Remove the old key only to replace it on purpose, and then run again.",
    ...expected.map((old) => `on record: ${old.keyType} ${old.fingerprint}  ${old.at}`),
    `now:       ${keyType} ${fingerprint}`,
    ...new Set(expected.map((old) => `to remove: ${removalOf(old)}`)),
  ];
}

function removalOf({ at, remove }: NonNullable<ProblemMembers["expected"]>[number]): string {
  return remove ?? `edit ${at}, which may name other hosts, too`;
}
