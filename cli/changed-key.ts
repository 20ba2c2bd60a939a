import { changedKeyLabels, recordedKeys, removalSteps } from "../protocol/changed-key.ts";
import { fillLabel } from "../protocol/label.ts";
import type { ProblemMembers } from "../protocol/problem.ts";

const { keyChanged, keyWarning, keyRemoval, keyEdit } = changedKeyLabels;

/**
 * The message about a changed host key: the new fingerprint below the recorded ones, so that they can be compared
 * character by character, and how to replace those. Undefined for any other problem.
 */
export function changedKeyLines(members: ProblemMembers): readonly string[] | undefined {
  const { host = "", hop = host, keyType = "", fingerprint = "" } = members;
  const recorded = recordedKeys(members);
  if (recorded.length === 0) return undefined;
  return [
    `${host}: ${fillLabel(keyChanged, hop)} ${keyWarning} ${keyRemoval}.`,
    ...recorded.map((old) => `on record: ${old.keyType} ${old.fingerprint}  ${old.at}`),
    `now:       ${keyType} ${fingerprint}`,
    ...removalSteps(recorded, (place) => fillLabel(keyEdit, place)).map((step) => `to remove: ${step}`),
  ];
}
