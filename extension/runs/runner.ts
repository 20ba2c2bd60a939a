import { resolve } from "node:path";
import * as vscode from "vscode";
import { Problem } from "../../protocol/problem.ts";
import type { Run, RunRequestInput, TerminalSize } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { HostList } from "../hosts/host-list.ts";
import { hostOfRun } from "../hosts/unsaved-host.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { ConfirmCommand } from "./command-confirmation.ts";
import type { ChosenRun } from "./run-on-host.ts";

export interface RunnerParts {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly report: ProblemReport;
  readonly confirm: ConfirmCommand;
}

/** Starts, repeats and cancels runs, with the confirmations that they require; reports failures. */
export class Runner {
  readonly #daemon: Daemon;
  readonly #hosts: HostList;
  readonly #report: ProblemReport;
  readonly #confirm: ConfirmCommand;

  constructor({ daemon, hosts, report, confirm }: RunnerParts) {
    this.#daemon = daemon;
    this.#hosts = hosts;
    this.#report = report;
    this.#confirm = confirm;
  }

  /** Undefined if the user cancelled, or it could not be started, which has been reported. */
  async start({ host, command, durable, sudo, more }: ChosenRun): Promise<Run | undefined> {
    if (!(await this.#confirm(host, command, { sudo }))) return undefined;
    return this.#report.attempt(vscode.l10n.t("The command could not be run on {0}", host.name), () =>
      this.#create(host, { ...more, command, durable, sudo }),
    );
  }

  async again(run: Run): Promise<Run | undefined> {
    // The input is not stored, and may be typed again.
    if (run.options.stdinOpen === true) {
      return this.#report.attempt(vscode.l10n.t("The command could not be run again"), () =>
        this.withInput(run, { pty: run.options.pty === true }),
      );
    }
    if (!(await this.#confirm(hostOfRun(this.#hosts.hosts, run.host.name), run.command, run.options)))
      return undefined;
    return this.repeat(run.id);
  }

  /** Repeats without asking, e.g. after the user trusted the host's key. */
  async repeat(runId: string): Promise<Run | undefined> {
    return this.#report.attempt(vscode.l10n.t("The command could not be run again"), () =>
      this.#daemon.startRun({ rerun: runId, body: asking() }),
    );
  }

  /** Runs a command with its options on another host; reports failures. */
  async elsewhere(
    run: Run,
    { host, durable }: Pick<ChosenRun, "host" | "durable">,
  ): Promise<Run | undefined> {
    if (!(await this.#confirm(host, run.command, run.options))) return undefined;
    return this.#report.attempt(vscode.l10n.t("The command could not be run on {0}", host.name), () => {
      if (run.options.stdinGiven === true) {
        throw new Problem(
          "conflict",
          "This run read standard input, which is not kept. Run the command anew.",
        );
      }
      const options = keptOptions(run);
      const isInteractive = options.pty === true || options.stdinOpen === true;
      const keepsRunning = (durable || options.durable === true) && !isInteractive;
      return this.#create(host, { ...options, durable: keepsRunning, command: run.command });
    });
  }

  /**
   * Runs a command again with its standard input open; `pty`: in a terminal, of the given size. Rejects with a
   * Problem.
   */
  async withInput(run: Run, terminal: { pty: boolean } & Partial<TerminalSize>): Promise<Run | undefined> {
    if (!(await this.#confirm(hostOfRun(this.#hosts.hosts, run.host.name), run.command, run.options)))
      return undefined;
    const { durable: _durable, ...options } = keptOptions(run);
    const { host, command } = run;
    return this.#create(host, { ...options, ...terminal, stdinOpen: true, cacheTtlMs: 0, command });
  }

  /** A run that has ended in the meantime has no terminal any more. */
  async resize(runId: string, { cols, rows }: TerminalSize): Promise<void> {
    const body = { cols, rows };
    await this.#daemon.call("resizeRun", { params: { run: runId }, body }).catch((failure: unknown) => {
      if (!(failure instanceof Problem)) throw failure;
    });
  }

  async cancel(runId: string): Promise<void> {
    await this.#report.attempt(vscode.l10n.t("The command could not be cancelled"), () =>
      this.#daemon.call("cancelRun", { params: { run: runId }, body: {} }),
    );
  }

  #create({ id, name }: Run["host"], request: Omit<RunRequestInput, "host">): Promise<Run> {
    const body = { ...request, host: id ?? name, ...asking() };
    return this.#daemon.startRun({ body });
  }
}

/** The options of a run for a new request. Throws a Problem if some of them were not stored. */
function keptOptions(run: Run): Omit<Run["options"], "stdinGiven" | "secretEnvNames"> {
  const { stdinGiven: _given, secretEnvNames = [], ...options } = run.options;
  if (secretEnvNames.length === 0) return options;
  const names = secretEnvNames.join(", ");
  throw new Problem("conflict", `This run had secret variables, which are not kept: ${names}. Run it anew.`);
}

/** Prompts can be answered here, and the user's own agent is used. */
export function asking(): { agentSocket: string | null; prompts: "ask" } {
  return { agentSocket: agentSocket(), prompts: "ask" };
}

/** The user's SSH agent, which may be more current than the one that the daemon was started with. */
export function agentSocket(): string | null {
  const socket = process.env["SSH_AUTH_SOCK"];
  if (socket === undefined || socket === "") return null;
  return process.platform === "win32" ? socket : resolve(socket);
}
