import type { ProblemMembers } from "./problem-details.ts";

/** What people are told about a changed host key, in English. */
export const changedKeyLabels = {
  keyChanged: "The host key of {0} has changed.",
  keyWarning:
    "Somebody may be between you and the host, or the server was reinstalled. Check the new fingerprint with its administrator.",
  keyRemoval: "Remove the old key only to replace it on purpose, and then run again",
  keyEdit: "edit {0}, which may name other hosts, too",
} as const;

type RecordedKey = NonNullable<ProblemMembers["expected"]>[number];

/**
 * The keys on record in place of which a host offered another; empty for any other problem, and for a key that is
 * revoked or changed during a connection: their detail contains everything.
 */
export function recordedKeys({ expected = [], reason }: ProblemMembers): readonly RecordedKey[] {
  return reason === undefined ? expected : [];
}

/** How to remove the keys, each step once. */
export function removalSteps(
  keys: readonly RecordedKey[],
  labelOfEdit: (place: string) => string,
): readonly string[] {
  return [...new Set(keys.map(({ at, remove }) => remove ?? labelOfEdit(at)))];
}
