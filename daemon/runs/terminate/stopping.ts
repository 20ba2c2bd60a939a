import { endGroupCommand, parseGroupEnd } from "./group-end.ts";
import type { RemoteProcess } from "../../transport/remote.ts";

/** How long a busy host may take to say what came of it, beyond one and a half times the grace time. */
const answerTimeoutMs = 5000;

/**
 * Ends a remote command, harder each time: INT now, TERM after most of the grace time, KILL at its end. Where the
 * process is known (`pid`), its whole group is ended by a command of its own, which also works for root, whose
 * signals OpenSSH ignores. Resolves when the channel may be given up; to whether the host confirmed that all of
 * it is gone.
 */
export async function stopRemote(
  process: RemoteProcess,
  pid: number | undefined,
  { graceMs, ended }: { graceMs: number; ended: Promise<unknown> },
): Promise<boolean> {
  if (pid !== undefined) {
    const answer = await process.execHelper(endGroupCommand(pid, graceMs), graceMs * 1.5 + answerTimeoutMs);
    const end = answer === undefined ? "unknown" : parseGroupEnd(answer.output);
    if (end !== "unknown") return end === "gone";
  }
  await bySignals(process, { graceMs, ended });
  return false;
}

/** All that can be done where the process is not known: an ordinary user's commands heed it, mostly. */
async function bySignals(
  process: RemoteProcess,
  { graceMs, ended }: { graceMs: number; ended: Promise<unknown> },
): Promise<void> {
  process.signal("INT");
  const timers = [
    setTimeout(() => process.signal("TERM"), graceMs * 0.6),
    setTimeout(() => process.signal("KILL"), graceMs),
  ];
  const late = Promise.withResolvers<void>();
  timers.push(setTimeout(late.resolve, graceMs + 500));
  await Promise.race([ended, late.promise]);
  for (const timer of timers) clearTimeout(timer);
}
