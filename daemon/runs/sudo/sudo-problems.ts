import { formatCount } from "../../../protocol/count.ts";
import { Problem } from "../../../protocol/problem.ts";
import { seconds } from "../../../protocol/span.ts";
import { visibleClause } from "../../../protocol/visible.ts";
import { hopName } from "../../transport/hop-name.ts";
import type { RemoteEnd, Target } from "../../transport/remote.ts";

const notRun = "The command has not run.";

/** For a login without a shell that can run sudo. */
export function noShellForSudo({ name }: Target): Problem {
  const detail = `The login on ${name} has no shell in which Hostrun can run sudo. ${notRun} Run it without sudo.`;
  return new Problem("sudo_failed", detail, { host: name });
}

/** For sudo that asks while nobody can answer. */
export function sudoUnanswered(target: Target, user: string): Problem {
  const detail =
    `sudo on ${target.name} asks for the password of ${whose(user, target)}, and nobody is there to answer. ${notRun} Run it where a ` +
    "person can be asked (on a terminal, in the editor), or allow the account to use sudo there without a password (NOPASSWD).";
  return new Problem("authentication_failed", detail, { host: target.name, hop: hopName(target) });
}

const unanswered: Readonly<Record<string, string>> = {
  declined: "the question was declined",
  expired: "nobody answered in time (promptTimeoutMs)",
};

/** Hosts that share a password are asked about once; each of their runs reports its own host. */
export function declinedForSudo(target: Target, { members: { reason } }: Problem): Problem {
  const why = unanswered[reason ?? ""] ?? "the question was withdrawn";
  const hop = hopName(target);
  const detail = `${target.name} (${hop}): the password for sudo was asked for, and ${why}. ${notRun} Run it again to be asked again.`;
  return new Problem("declined", detail, { host: target.name, hop, reason });
}

/** sudo reads no more than this, and would leave the rest to the command. */
export const maxSudoPasswordBytes = 255;

export function passwordTooLong({ name }: Target): Problem {
  const detail = `The password is longer than ${maxSudoPasswordBytes} bytes, which is all that sudo reads, and was not sent to ${name}. ${notRun}`;
  return new Problem("sudo_failed", detail, { host: name });
}

const mayRun =
  "Hostrun tried to end it, but the command may have run as root, or may still run: check there before you run it again.";

/** `output`: what sudo printed. `mayRun`: whether the command may run. */
export function sudoSilent(
  { name }: Target,
  afterMs: number,
  of: { readonly output: string; readonly mayRun: boolean },
): Problem {
  const said = of.output.trim() === "" ? "" : ` It said: ${lastLine(of.output)}.`;
  const detail =
    `sudo on ${name} neither asked for a password nor began the command within ${seconds(afterMs)}.${said} ` +
    `${of.mayRun ? mayRun : notRun} Where sudo needs more time, give it more (--connect-timeout, connectTimeoutMs).`;
  return new Problem("timed_out", detail, { host: name, reason: "connect", retryable: !of.mayRun });
}

/** For sudo that ended before starting anything. `answered`: how many passwords it was given. */
export function sudoRefused(
  target: Target,
  end: Exclude<RemoteEnd, { kind: "lost" }>,
  { output, answered }: { readonly output: string; readonly answered: number },
): Problem {
  const { name, user } = target;
  const said = output.trim() === "" ? "" : `: ${lastLine(output)}`;
  if (end.kind === "exited" && end.code === 127) {
    const detail = `sudo is not installed on ${name}, or not in the PATH of ${user}${said}. ${notRun}`;
    return new Problem("sudo_failed", detail, { host: name });
  }
  const advice =
    answered === 0
      ? `Check there that ${user} may use sudo (sudo -l). Where sudo wants a terminal (requiretty), run it with one (pty).`
      : `It was given ${formatCount(answered, "password")}. Check the password, and that ${user} may use sudo there.`;
  return new Problem("sudo_failed", `sudo on ${name} did not run the command${said}. ${notRun} ${advice}`, {
    host: name,
  });
}

/** The user whose password sudo asks for, which may not be the login's. */
export function whose(user: string, target: Target): string {
  return visibleClause(user === "" ? target.user : user, 64);
}

export function lastLine(output: string): string {
  return visibleClause(output.trim().split("\n").at(-1) ?? "");
}
