import { endGroupBySudo, endGroupCommand, type GroupEnd, parseGroupEnd } from "./group-end.ts";
import type { RemoteProcess } from "../../transport/remote.ts";

/** How long a busy host may take to answer, beyond one and a half times the grace time. */
const answerTimeoutMs = 5000;

/** How sudo began the command: with this password and its newline, or without one. */
export interface SudoInput {
  readonly input: Buffer | undefined;
}

/**
 * Ends a remote command with increasingly strong signals: INT now, TERM after most of the grace time, KILL at its end.
 * If the process id is known (`pid`), a separate command ends its whole group, which also works for root, whose signals
 * OpenSSH ignores. Resolves when the channel may be closed, to whether the host confirmed that all processes are gone.
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
  // A server that allows one session has room for this command once the run's session is closed. A process that still
  // held its output may have left the group, so the end is not confirmed.
  if (!endedInTime) process.close();
  return (await endGroup(process, pid, Math.min(graceMs, 1000))) === "gone" && endedInTime;
}

/** Sends the strongest signal sooner while `stopRemote` is under way, which checks that the command is gone. */
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

/** Ends a command of another account, which the login may not signal; "unknown" if sudo does not do it, either. */
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

/** Undefined: the host could not be asked. */
async function endGroup(process: RemoteProcess, pid: number, graceMs: number): Promise<GroupEnd | undefined> {
  const answer = await process.execHelper(endGroupCommand(pid, graceMs), graceMs * 1.5 + answerTimeoutMs);
  return answer === undefined ? undefined : parseGroupEnd(answer.output);
}

/**
 * All that can be done if the process id is unknown: commands of an ordinary user usually obey. Resolves to whether the
 * command ended.
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
