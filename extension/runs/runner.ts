import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { HostList } from "../hosts/host-list.ts";
import { hostOfRun } from "../hosts/unsaved-host.ts";
import type { ProblemReport } from "../problem-report.ts";
import { confirmCommand } from "./command-confirmation.ts";
import type { RunWish } from "./run-on-host.ts";

/** Starts, repeats and cancels runs, after the questions that this takes; failures are told. */
export class Runner {
  readonly #daemon: Daemon;
  readonly #hosts: HostList;
  readonly #report: ProblemReport;

  constructor(daemon: Daemon, hosts: HostList, report: ProblemReport) {
    this.#daemon = daemon;
    this.#hosts = hosts;
    this.#report = report;
  }

  /** undefined when the person thought better of it, or it could not be started, which was told. */
  async start({ host, command, durable }: RunWish): Promise<Run | undefined> {
    if (!(await confirmCommand(host, command))) return undefined;
    const body = { host: host.id ?? host.name, command, durable, agentSocket: agentSocket() };
    return this.#report.attempt(vscode.l10n.t("The command could not be run on {0}", host.name), () =>
      // The key makes it safe to send again when the connection to the daemon breaks in between.
      this.#daemon.call("createRun", { body, headers: { "idempotency-key": randomUUID() } }),
    );
  }

  async again(run: Run): Promise<Run | undefined> {
    if (!(await confirmCommand(hostOfRun(this.#hosts.hosts, run.host.name), run.command))) return undefined;
    return this.repeat(run.id);
  }

  /** Repeats without asking, e.g. after the person trusted the host's key. */
  async repeat(runId: string): Promise<Run | undefined> {
    return this.#report.attempt(vscode.l10n.t("The command could not be run again"), () =>
      this.#daemon.call("rerun", { params: { run: runId }, body: { agentSocket: agentSocket() } }),
    );
  }

  async cancel(runId: string): Promise<void> {
    await this.#report.attempt(vscode.l10n.t("The command could not be cancelled"), () =>
      this.#daemon.call("cancelRun", { params: { run: runId }, body: {} }),
    );
  }
}

/** The person's SSH agent, which may be fresher than the one that the daemon was started with. */
export function agentSocket(): string | null {
  const socket = process.env["SSH_AUTH_SOCK"];
  return socket === undefined || socket === "" ? null : socket;
}
