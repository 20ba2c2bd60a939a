import * as vscode from "vscode";
import { foldNames } from "../../protocol/host-set.ts";
import type { Host } from "../../protocol/host.ts";
import type { Job } from "../../protocol/job.ts";
import { blankHost } from "../hosts/blank-host.ts";
import { groupParts } from "../hosts/host-tree.ts";
import type { HostList } from "../hosts/host-list.ts";
import { askChoice } from "../input/choice.ts";
import type { StepToggle } from "../input/steps.ts";
import { shortened } from "../plain-text.ts";
import { askCommand } from "../runs/command-choice.ts";
import { asRoot } from "../runs/run-on-host.ts";
import type { RunList } from "../runs/run-list.ts";
import type { JobNotices } from "./job-notices.ts";
import type { JobPanels } from "./job-panels.ts";
import type { ChosenJob, JobStarter } from "./job-starter.ts";
import { askTargets } from "./job-targets.ts";

export interface JobCommandParts {
  readonly hosts: HostList;
  readonly runs: RunList;
  readonly starter: JobStarter;
  readonly panels: JobPanels;
  readonly notices: JobNotices;
  /** Has the lists read, if they were not. */
  start(): Promise<void>;
}

/** Runs commands on many hosts, from the palette, a group or several rows. */
export class JobCommands {
  readonly #parts: JobCommandParts;

  constructor(parts: JobCommandParts) {
    this.#parts = parts;
  }

  /** Asks where and what, so far as that is not known. */
  async run(
    known: { readonly targets?: readonly string[]; readonly command?: string | undefined } = {},
  ): Promise<void> {
    const { starter, hosts } = this.#parts;
    await this.#parts.start();
    const totalSteps = known.command === undefined ? 2 : 1;
    const frame = { title: vscode.l10n.t("Run on Several Hosts"), step: 1, totalSteps };
    const answer =
      known.targets === undefined ? await askTargets(hosts.hosts, frame) : { value: known.targets };
    if (typeof answer === "string") return;
    const resolved = await starter.resolve(answer.value);
    if (resolved === undefined) return;
    const root = asRoot();
    const command = known.command ?? (await this.#askCommand(resolved.hosts, totalSteps, root));
    if (command === undefined) return;
    const sudo = root.isOn ? await askPasswords(resolved.hosts) : "no";
    if (sudo === undefined) return;
    const keeps = vscode.workspace.getConfiguration("hostrun").get("keepRunning", false);
    const durable = keeps && sudo === "no";
    this.#show(await starter.start({ targets: answer.value, command, durable, sudo }));
  }

  async runOnGroup(path: string): Promise<void> {
    // A target holds no blanks: such a group is meant by its hosts.
    await this.run({ targets: /\s/.test(path) ? this.#within(path) : [`group:${path}`] });
  }

  open(job: Job): void {
    this.#parts.panels.open(job);
  }

  async again(job: Job): Promise<void> {
    this.#show(
      await this.#parts.starter.again(job, job.counts.exited0 === job.hosts.length ? "all" : "failed"),
    );
  }

  async cancel(job: Job): Promise<void> {
    await this.#parts.starter.cancel(job.id);
  }

  #show(job: Job | undefined): void {
    if (job === undefined) return;
    this.#parts.notices.watch(job);
    this.#parts.panels.open(job);
  }

  async #askCommand(
    hosts: readonly string[],
    totalSteps: number,
    root: StepToggle,
  ): Promise<string | undefined> {
    const name = shortened(foldNames(hosts), 60);
    const several: Host = { ...blankHost, name, address: name };
    const { runs } = this.#parts.runs;
    const answer = await askCommand(
      { host: several, runs, ofHost: Promise.resolve([]), typed: "", keep: () => undefined },
      { title: vscode.l10n.t("Run on {0}", name), toggles: [root], step: totalSteps, totalSteps },
    );
    return typeof answer === "string" ? undefined : answer.value;
  }

  #within(path: string): string[] {
    const parts = groupParts(path);
    const isWithin = (own: readonly string[]): boolean => parts.every((part, at) => own[at] === part);
    return this.#parts.hosts.hosts.filter(({ group }) => isWithin(groupParts(group))).map(({ name }) => name);
  }
}

/** How many passwords sudo may be given; undefined: the person left. */
async function askPasswords(hosts: readonly string[]): Promise<ChosenJob["sudo"] | undefined> {
  if (hosts.length === 1) return "each";
  const title = vscode.l10n.t("Password for sudo on {0}", shortened(foldNames(hosts), 60));
  const answer = await askChoice<"same" | "each">(
    {
      placeholder: vscode.l10n.t("Where sudo wants a password, which one does it get?"),
      items: [
        {
          label: vscode.l10n.t("The same on all of these hosts"),
          description: vscode.l10n.t("asked for once, and tried on one host first"),
          value: "same",
        },
        { label: vscode.l10n.t("One for each host"), value: "each" },
      ],
      preselects: false,
    },
    { title, step: 1, totalSteps: 1 },
  );
  return typeof answer === "string" ? undefined : answer.value;
}
