import type { Daemon } from "../../client/daemon.ts";
import { notRunStatus } from "../../client/exit-status.ts";
import type { ProblemDetails } from "../../protocol/problem.ts";
import type { Command } from "../command.ts";
import { warn, warnOf } from "../console.ts";
import { OutputFailure } from "../output.ts";
import { reachDaemon, reviver } from "../daemon-script.ts";
import { follow } from "../run/follow.ts";
import { onInterrupt, warnCancelling, warnDetached } from "../run/interrupt.ts";
import { warnOfLostRun } from "../run/lost-stream.ts";
import type { RunPlan } from "../run/options.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import { TerminalPrompts } from "../prompts/terminal-prompts.ts";
import { isForMany, optionNames, parseRunPlan } from "../run/options.ts";
import { confirmRun, needsConfirmation } from "../run/production.ts";
import { resultHelp } from "../run/show-options.ts";
import { passStdin, type StdinSource, stdinSource } from "../run/stdin.ts";
import { passSizes, terminalSize } from "../run/terminal-size.ts";
import { offeredKey } from "../run/offered-key.ts";
import type { Ending } from "../run/view.ts";
import { View } from "../run/view.ts";

const cancelMs = 3000;

export const command: Command = {
  help: `Run a command on a host, or on many.

Usage: hostrun run [OPTION...] HOST COMMAND...
       hostrun run [OPTION...] TARGET... -- COMMAND...
       hostrun run [OPTION...] --snippet NAME [--set INPUT=VALUE]... [TARGET...]

HOST is a name of \`hostrun hosts\`, or any [USER@]HOST[:PORT] with a user or a port. The
options end at it. On a production host the command is shown and a yes asked for.

Output comes byte for byte on stdout and stderr, all of it: while it is not read here,
the command waits, for up to 30 s. Standard input is passed on, also from a terminal: line by
line, Ctrl-D ends it, Ctrl-C cancels the command.
Several words of a command are joined by spaces, as ssh does.

With several targets, or one that is a pattern (db*), a range (web[01-20]), tag:NAME,
group:NAME or all, each line of output comes behind its host's name, and what came of it at
the end on stderr, where a terminal shows how far it is; see \`hostrun targets --help\`.
Standard input is not passed on.

  --bash                  run it by bash -c, whatever the login shell is
  --login-shell           run it in a login shell
  --cwd DIR               in this directory of the host, below the home directory
                          unless it begins with /
  --env NAME[=VALUE]      with this variable, by default as it is here; may be repeated
  --secret-env NAME       the same, by its value here, which is kept nowhere
  --timeout TIME          stop it after 30s, 5m, 500ms, ...; 0 is no limit
  --connect-timeout TIME  give up connecting after this time
  --cache-ttl TIME        take a successful result that is at most this old, of a command
                          that reads no standard input (-n); a terminal's is not passed on,
                          and gets the result as from \`hostrun show\`, below a line
                          that tells its age (not with -q)
  --no-cache              run it whatever results there are; with --cache-ttl, what comes of it
                          takes the place of an older result
  --record-limit SIZE     keep at most this much output (64M); all of it is printed here
  --pty                   with a terminal on the host, of this one's size, which gets each key
                          as it is pressed, Ctrl-C too; \`hostrun cancel\` elsewhere ends it
  --sudo                  as root, by sudo; where that wants a password it is asked for here,
                          and kept nowhere
  --same-sudo-password    the same on several hosts, which share the password: it is asked
                          for once, and tried on one host before the others get it
  --remember              keep the passwords that are typed here, also for sudo, once they were
                          taken: in the daemon's memory until it ends
  --snippet NAME          run a snippet (\`hostrun snippets\`); what it asks for is asked here, secrets
                          without showing them, or taken from --set and, for secrets, from
                          the variable HOSTRUN_INPUT_NAME
  --set INPUT=VALUE       the value of one of its inputs; may be repeated
  --durable               keep it running when the link drops or the daemon ends, and go
                          on with its output afterwards; standard input is not passed on
  --json, --format json   print the run's events, a JSON object a line
  --raw                   with --json: shell noise on stderr, too
  -f, --forks N           on at most so many hosts at once (64)
${resultHelp}  --fail-fast             begin with no further host after the first failure
  --max-failures N        nor after more failures than that: 3, 20%
  --batches SIZES         one batch of hosts after the other: 1,10%,50%
  --batch                 never ask anything
  -y, --yes               run it on a production host without a question
  -n, --no-stdin          do not read standard input; on an account with slow start files the
                          command may begin sooner
  --no-worker             let a login shell of its own begin the command, also where that
                          takes long; see docs/api.md
  -q, --quiet             no notes about the output
  -v, --verbose           say what happens on the way

Exit status: 0 only where it is on every host, else 1; on one host the command's own; 128 + N when signal N ended it; 124 when it timed out;
130 on Ctrl-C, which cancels the command (a second one stops waiting for it); 255 when it
could not be run, when its end is not known, or when output was lost or could not be
written; 141 when nobody reads stdout any more, which cancels the command; 2 when the
options are wrong.
`,
  ownsOutput: true,
  failedStatus: notRunStatus,
  optionNames,
  async run(args) {
    const asked = parseRunPlan(args, process.env);
    await using daemon = await reachDaemon({ unverified: isPlain(asked) });
    const plan = await planOf(daemon, asked);
    if (isForMany(plan)) {
      const { runJob } = await import("../jobs/run-job.ts");
      return await runJob(daemon, plan);
    }
    const ending = await attemptConfirmed(daemon, plan);
    if (ending === undefined) return notRunStatus;
    const offered = offeredKey(ending.problem);
    if (offered === undefined || ending.problem === undefined) return ending.status;
    if (!plan.view.json) warnOf({ message: ending.problem.detail, members: ending.problem });
    if (!wasAsked(ending.problem)) {
      const { explainTrust } = await import("../run/trust.ts");
      explainTrust(offered);
    }
    return ending.status;
  },
};

/** Whether it starts with a run that is shown as it proceeds, without any question first. */
function isPlain(plan: RunPlan): boolean {
  return !isForMany(plan) && plan.snippet === undefined && !plan.view.json && plan.request.durable !== true;
}

/** Most runs use no snippet, and start faster without loading that module. */
async function planOf(daemon: Daemon, plan: RunPlan): Promise<RunPlan> {
  if (plan.snippet === undefined) return plan;
  const { withSnippet } = await import("../run/snippet.ts");
  return withSnippet(daemon, plan, process.env);
}

/** Whether a person declined, or did not answer. */
function wasAsked({ reason }: ProblemDetails): boolean {
  return reason === "declined" || reason === "expired";
}

/**
 * Runs it; on a production host only after a person has confirmed it. Returns undefined if it was not confirmed, which
 * has been reported.
 */
async function attemptConfirmed(daemon: Daemon, plan: RunPlan): Promise<Ending | undefined> {
  try {
    return await attempt(daemon, plan, !plan.yes);
  } catch (error) {
    if (!needsConfirmation(error)) throw error;
    return (await confirmRun(plan)) ? attempt(daemon, plan, false) : undefined;
  }
}

/** A cached result is only for a command without input; a terminal is always there, and need not be meant. */
async function sourceOf({ readStdin, request }: RunPlan): Promise<StdinSource> {
  const source = readStdin ? await stdinSource() : "none";
  return source === "terminal" && (request.cacheTtlMs ?? 0) > 0 ? "none" : source;
}

/** Runs it once, and shows it. */
async function attempt(daemon: Daemon, plan: RunPlan, refuseProduction: boolean): Promise<Ending> {
  const source = await sourceOf(plan);
  const stdinOpen = source !== "none";
  const over = new AbortController();
  let run: string | undefined;
  const cancel = async (): Promise<void> => {
    if (run !== undefined) await cancelRun(daemon, run);
  };
  using interrupt = onInterrupt(() => {
    warnCancelling();
    void cancel();
  }, warnDetached);
  try {
    const { json, raw } = plan.view;
    const asks = plan.ask && hasTerminal();
    const prompts = new TerminalPrompts(daemon, plan.remember);
    const isTerminal = plan.request.pty === true;
    const request = {
      ...plan.request,
      ...(isTerminal ? terminalSize() : {}),
      stdinOpen,
      prompts: asks ? ("ask" as const) : ("fail" as const),
    };
    const revive = request.durable === true ? reviver() : undefined;
    const frames = json
      ? daemon.run(request, { raw, all: true, revive, refuseProduction })
      : daemon.runFrames(request, { revive, refuseProduction });
    const ending = await follow(frames, new View(plan.view), {
      started(id) {
        run = id;
        if (interrupt.status !== undefined) void cancel();
      },
      prompt(event) {
        if (event.type === "prompt") prompts.opened(event.prompt);
        else prompts.closed(event.promptId);
      },
      running(id) {
        const keys = isTerminal && source === "terminal";
        if (stdinOpen) void passStdin(daemon, id, { signal: over.signal, keys });
        if (isTerminal) passSizes(daemon, id, over.signal);
      },
    });
    return { ...ending, status: interrupt.status ?? ending.status };
  } catch (error) {
    if (error instanceof OutputFailure) {
      if (!error.readerGone) warn(`${error.message}; cancelling the command.`);
      await cancel();
      return { status: error.status, problem: undefined };
    }
    if (run !== undefined) warnOfLostRun(error, run, plan.request.durable === true);
    throw error;
  } finally {
    over.abort();
  }
}

async function cancelRun(daemon: Daemon, run: string): Promise<void> {
  const signal = AbortSignal.timeout(cancelMs);
  try {
    await daemon.call("cancelRun", { params: { run }, signal });
  } catch (error) {
    warn(`The command could not be cancelled: ${error instanceof Error ? error.message : String(error)}`);
  }
}
