import * as vscode from "vscode";
import { foldNames } from "../../protocol/host-set.ts";
import type { Job, JobRequestInput, ResolvedTargets } from "../../protocol/job.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { hostCount } from "../hosts/host-count.ts";
import type { HostList } from "../hosts/host-list.ts";
import { byName } from "../hosts/host-tree.ts";
import { hostOfRun } from "../hosts/unsaved-host.ts";
import { oneLine, shortened } from "../plain-text.ts";
import type { ProblemReport } from "../problem-report.ts";
import { askInTab, type CommandRights, rightsLabels, sizeLabels } from "../runs/command-confirmation.ts";
import { asking } from "../runs/runner.ts";
import { type JobOptions, jobOptionLabels } from "./job-options.ts";

export interface JobStarterParts {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly report: ProblemReport;
  readonly extensionUri: vscode.Uri;
}

export interface ChosenJob {
  readonly targets: readonly string[];
  readonly command: string;
  readonly durable: boolean;
  /** As root, with sudo: with one password for all hosts, or one for each host that asks. */
  readonly sudo: "no" | "same" | "each";
  readonly options: JobOptions &
    Pick<JobRequestInput, "useBash" | "loginShell" | "cwd" | "pty" | "secretEnv" | "template">;
  /** The command for each host by name, if it contains values of the host. */
  readonly commands?: ReadonlyMap<string, string> | undefined;
}

type Part = "failed" | "unfinished" | "all";

/** Starts and repeats jobs, after showing each host by its name; reports failures. */
export class JobStarter {
  readonly #parts: JobStarterParts;

  constructor(parts: JobStarterParts) {
    this.#parts = parts;
  }

  /** Resolves targets to hosts; undefined if some are unknown or there is none, which has been reported. */
  async resolve(targets: readonly string[]): Promise<ResolvedTargets | undefined> {
    const what = vscode.l10n.t("The targets could not be looked up");
    const resolved = await this.#parts.report.attempt(what, () =>
      this.#parts.daemon.call("resolveTargets", { body: { targets: [...targets] } }),
    );
    if (resolved === undefined) return undefined;
    const { unknown, hosts } = resolved;
    if (unknown.length > 0) {
      const names = shortened(unknown.join(", "), 200);
      void vscode.window.showErrorMessage(vscode.l10n.t("There is no host for {0}. Nothing was run.", names));
      return undefined;
    }
    if (hosts.length > 0) return resolved;
    void vscode.window.showErrorMessage(vscode.l10n.t("The targets match no hosts. Nothing was run."));
    return undefined;
  }

  /** Undefined if the user cancelled, or it could not be started, which has been reported. */
  async start({ targets, command, durable, sudo, options, commands }: ChosenJob): Promise<Job | undefined> {
    const resolved = await this.resolve(targets);
    const rights = { sudo: sudo !== "no", sameSudoPassword: sudo === "same" };
    if (resolved === undefined) return undefined;
    if (!(await this.confirm(resolved, command, { ...rights, ...options, commands }))) return undefined;
    // It runs on the hosts that were shown, whatever a tag or a pattern matches by then.
    const body = { targets: [...resolved.hosts], command, durable, ...options, ...rights, ...asking() };
    return this.#parts.report.attempt(vscode.l10n.t("The command could not be run"), () =>
      this.#parts.daemon.call("createJob", { body }),
    );
  }

  async again(job: Job, only: Part): Promise<Job | undefined> {
    const targets = only === "all" ? job.hosts : [`@${only}:${job.id}`];
    const resolved = await this.resolve(targets);
    if (resolved === undefined || !(await this.confirm(resolved, job.command, { sudo: job.options.sudo })))
      return undefined;
    const what = vscode.l10n.t("The command could not be run again");
    return this.#parts.report.attempt(what, () =>
      this.#parts.daemon.call("rerunJob", { params: { job: job.id }, body: { only, ...asking() } }),
    );
  }

  /** Whether to ask the user before anything runs there, because some are production hosts. */
  isRisky({ hosts, production }: ResolvedTargets): boolean {
    const asks = vscode.workspace.getConfiguration("hostrun").get("confirmProduction", true);
    return asks && (production.length > 0 || hosts.some((name) => this.#isMarked(name)));
  }

  async cancel(job: string): Promise<void> {
    await this.#parts.report.attempt(vscode.l10n.t("The job could not be cancelled"), () =>
      this.#parts.daemon.call("cancelJob", { params: { job }, body: {} }),
    );
  }

  /** Lists each host by name: agreeing to a number is not consent. */
  confirm(
    { hosts, production }: ResolvedTargets,
    command: string,
    { commands, ...how }: CommandRights & JobOptions & Pick<ChosenJob, "commands">,
  ): Promise<boolean> {
    const { extensionUri } = this.#parts;
    const marked = new Set(production);
    const shown = hosts.map((name) => {
      const isProduction = marked.has(name) || this.#isMarked(name);
      return { name, production: isProduction, command: commands?.get(name) };
    });
    const risky = shown.filter((host) => host.production).map(({ name }) => name);
    const count = hostCount(hosts.length);
    const asks = vscode.workspace.getConfiguration("hostrun").get("confirmProduction", true);
    const warns = asks && risky.length > 0;
    const names = shortened(foldNames(hosts.map(oneLine)), 60);
    return askInTab(extensionUri, {
      title: vscode.l10n.t("Run on {0}?", count),
      heading: warns ? warning(hosts.length, risky.length) : vscode.l10n.t("Run this on {0}?", count),
      where: [
        names,
        ...(risky.length > 0 ? [vscode.l10n.t("production: {0}", foldNames(risky.map(oneLine)))] : []),
        ...rightsLabels(how),
        ...jobOptionLabels(how),
        ...sizeLabels(command),
      ].join(" · "),
      hosts: shown.toSorted((a, b) => Number(b.production) - Number(a.production) || byName(a, b)),
      command,
      run: vscode.l10n.t("Run on {0}", count),
      warns,
    });
  }

  #isMarked(name: string): boolean {
    const { hosts } = this.#parts;
    const host = hostOfRun(hosts.hosts, name);
    return host !== undefined && hosts.production(host) !== undefined;
  }
}

function warning(hosts: number, production: number): string {
  if (production < hosts)
    return vscode.l10n.t("Run this on {0} hosts, {1} of them production?", hosts, production);
  return production === 1
    ? vscode.l10n.t("Run this on 1 production host?")
    : vscode.l10n.t("Run this on {0} production hosts?", production);
}
