import type { Settings } from "../../protocol/settings.ts";
import type { RunStore } from "./record/run-store.ts";

export interface RetentionParts {
  readonly store: Pick<RunStore, "oldestEnded" | "usedBytes">;
  readonly settings: () => Pick<Settings, "historyDays" | "historyMaxBytes">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Forgets a run with its output, and tells of it. */
  readonly forget: (id: string) => Promise<void>;
}

const dayMs = 86_400_000;

/**
 * Forgets the one run that ended first, if it is too old (0 days: none is) or the store too large; never one that
 * is under way. The room becomes free within the file and is used again. True when there may be more to forget.
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
