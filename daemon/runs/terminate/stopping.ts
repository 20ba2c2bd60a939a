import { endGroupBySudo, endGroupCommand, type GroupEnd, parseGroupEnd } from "./group-end.ts";
import type { RemoteProcess } from "../../transport/remote.ts";

/** How long a busy host may take to say what came of it, beyond one and a half times the grace time. */
const answerTimeoutMs = 5000;

/** How sudo began the command: by this password, with its line's end, or by none. */
export interface SudoInput {
  readonly input: Buffer | undefined;
}

/**
 * Ends a remote command, harder each time: INT now, TERM after most of the grace time, KILL at its end. Where the
 * process is known (`pid`), its whole group is ended by a command of its own, which also works for root, whose
 * signals OpenSSH ignores. Resolves when the channel may be given up; to whether the host confirmed that all of
 * it is gone.
 */
export async function stopRemote(
  process: RemoteProcess,
  pid: number | undefined,
  { graceMs, ended, sudo }: { graceMs: number; ended: Promise<unknown>; sudo?: SudoInput | undefined },
): Promise<boolean> {
  const byRoot =
    pid === undefined || sudo === undefined ? "unknown" : await endBySudo(process, pid, graceMs, sudo);
  if (byRoot !== "unknown") return byRoot === "gone";
  const end = pid === undefined ? "unknown" : await endGroup(process, pid, graceMs);
  if (end !== undefined && end !== "unknown") return end === "gone";
  const endedInTime = await bySignals(process, { graceMs, ended });
  if (pid === undefined || end !== undefined) return false;
  // A server of one session has room for the question once that of the command is over. What still held its output may
  // have left the group: that is no confirmed end.
  if (!endedInTime) process.close();
  return (await endGroup(process, pid, Math.min(graceMs, 1000))) === "gone" && endedInTime;
}

/** Where `stopRemote` is under way: the hardest signal comes so soon. That the command is gone is seen there. */
export async function hastenRemote(
  process: RemoteProcess,
  pid: number | undefined,
  graceMs: number,
  sudo: SudoInput | undefined,
): Promise<void> {
  if (pid === undefined) {
    process.signal("TERM");
    setTimeout(() => process.signal("KILL"), graceMs).unref();
  } else if (sudo === undefined) await endGroup(process, pid, graceMs);
  else await endBySudo(process, pid, graceMs, sudo);
}

/** The command is another account's, which the login may not signal; "unknown" where sudo does not do it, either. */
async function endBySudo(
  process: RemoteProcess,
  pid: number,
  graceMs: number,
  { input }: SudoInput,
): Promise<GroupEnd> {
  const command = endGroupBySudo(pid, graceMs);
  const answer = await process.execHelper(command, graceMs * 1.5 + answerTimeoutMs, input);
  return answer === undefined ? "unknown" : parseGroupEnd(answer.output);
}

/** undefined: the host could not be asked. */
async function endGroup(process: RemoteProcess, pid: number, graceMs: number): Promise<GroupEnd | undefined> {
  const answer = await process.execHelper(endGroupCommand(pid, graceMs), graceMs * 1.5 + answerTimeoutMs);
  return answer === undefined ? undefined : parseGroupEnd(answer.output);
}

/**
 * All that can be done where the process is not known: an ordinary user's commands heed it, mostly. Resolves to whether
 * the command ended.
 */
async function bySignals(
  process: RemoteProcess,
  { graceMs, ended }: { graceMs: number; ended: Promise<unknown> },
): Promise<boolean> {
  process.signal("INT");
  const timers = [
    setTimeout(() => process.signal("TERM"), graceMs * 0.6),
    setTimeout(() => process.signal("KILL"), graceMs),
  ];
  const late = Promise.withResolvers<false>();
  timers.push(setTimeout(() => late.resolve(false), graceMs + 500));
  const endedInTime = await Promise.race([ended.then(() => true), late.promise]);
  for (const timer of timers) clearTimeout(timer);
  return endedInTime;
}
