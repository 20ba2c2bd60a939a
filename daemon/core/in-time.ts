/**
 * Resolves to `work`'s result, or to undefined if `late` is aborted first, or after `timeMs`; the work is then no longer
 * waited for.
 */
export function inTime<Result>(
  late: AbortSignal,
  work: Promise<Result>,
  timeMs?: number,
): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(undefined);
    const timer = timeMs === undefined ? undefined : setTimeout(giveUp, timeMs);
    late.addEventListener("abort", giveUp);
    if (late.aborted) giveUp();
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      late.removeEventListener("abort", giveUp);
    });
  });
}

/** Whether `event` resolved within `timeMs`. */
export async function within(timeMs: number, event: Promise<unknown>): Promise<boolean> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeMs);
  const done = event.then(() => true);
  const came = await inTime(late.signal, done);
  clearTimeout(timer);
  return came === true;
}
