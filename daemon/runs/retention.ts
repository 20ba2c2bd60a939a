import type { Settings } from "../../protocol/settings.ts";
import type { RunStore } from "./record/run-store.ts";

export interface RetentionParts {
  readonly store: Pick<RunStore, "oldestEnded" | "usedBytes">;
  readonly settings: () => Pick<Settings, "historyDays" | "historyMaxBytes">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Deletes a run with its output, and emits its deletion. */
  readonly forget: (id: string) => Promise<void>;
}

const dayMs = 86_400_000;

/**
 * Deletes the one run that ended first if it is too old (0 days: no age limit) or the store is too large; never one
 * that is under way. The space is freed within the file and reused. Returns true when there may be more to delete.
 */
export async function forgetOldest({ store, settings, now, forget }: RetentionParts): Promise<boolean> {
  const { historyDays, historyMaxBytes } = settings();
  const oldest = store.oldestEnded();
  if (oldest === undefined) return false;
  const tooOld = historyDays > 0 && Date.parse(oldest.endedAt) < now() - historyDays * dayMs;
  if (!tooOld && store.usedBytes() <= historyMaxBytes) return false;
  await forget(oldest.id);
  return true;
}
