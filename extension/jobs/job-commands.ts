import * as vscode from "vscode";
import { foldNames } from "../../protocol/host-set.ts";
import type { Host } from "../../protocol/host.ts";
import type { Job, ResolvedTargets } from "../../protocol/job.ts";
import { blankHost } from "../hosts/blank-host.ts";
import { groupParts } from "../hosts/host-tree.ts";
import type { HostList } from "../hosts/host-list.ts";
import { askChoice } from "../input/choice.ts";
import { askSteps, type Step, type StepToggle } from "../input/steps.ts";
import { shortened } from "../plain-text.ts";
import { askCommand } from "../runs/command-choice.ts";
import { asRoot } from "../runs/run-on-host.ts";
import type { RunList } from "../runs/run-list.ts";
import type { JobNotices } from "./job-notices.ts";
import { askJobOptions, type JobOptions } from "./job-options.ts";
import type { JobPanels } from "./job-panels.ts";
import type { ChosenJob, JobStarter } from "./job-starter.ts";
import { askTargets } from "./job-targets.ts";

export interface JobCommandParts {
  readonly hosts: HostList;
  readonly runs: RunList;
  readonly starter: JobStarter;
  readonly panels: JobPanels;
  readonly notices: JobNotices;
  /** Reads the lists, unless they have been read. */
  start(): Promise<void>;
}

interface KnownJob {
  readonly targets?: readonly string[];
  readonly command?: string | undefined;
}

/** The answers so far. */
interface Draft {
  readonly targets: readonly string[] | undefined;
  readonly command: string;
  readonly options: JobOptions;
}

/** Runs commands on many hosts, from the palette, a group or several rows. */
export class JobCommands {
  readonly #parts: JobCommandParts;

  constructor(parts: JobCommandParts) {
    this.#parts = parts;
  }

  /** Asks for the targets and the command, as far as they are not known. */
  async run(known: KnownJob = {}): Promise<void> {
    await this.#parts.start();
    if (known.targets === undefined && this.#parts.hosts.hosts.length === 0) return this.#offerHost();
    const root = asRoot();
    const draft = await this.#ask(known, root);
    if (draft?.targets === undefined) return;
    const { targets, command, options } = draft;
    const keeps = vscode.workspace.getConfiguration("hostrun").get("keepRunning", false);
    const sudo = root.isOn;
    await this.start({ targets, command, durable: keeps && !sudo, sudo, options });
  }

  /** Starts it and shows it once the user has seen the hosts; for root, asks how many passwords there are first. */
  async start({ sudo, ...job }: Omit<ChosenJob, "sudo"> & { readonly sudo: boolean }): Promise<void> {
    const passwords = sudo ? await this.#askSudo(job.targets) : "no";
    if (passwords === undefined) return;
    this.#show(await this.#parts.starter.start({ ...job, sudo: passwords }));
  }

  /** See `JobStarter.resolve`. */
  resolve(targets: readonly string[]): Promise<ResolvedTargets | undefined> {
    return this.#parts.starter.resolve(targets);
  }

  async runOnGroup(path: string): Promise<void> {
    // A target contains no spaces: such a group is replaced by its hosts.
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

  async #offerHost(): Promise<void> {
    const add = vscode.l10n.t("Add Host…");
    const answer = await vscode.window.showInformationMessage(vscode.l10n.t("There are no hosts yet."), add);
    if (answer === add) await vscode.commands.executeCommand("hostrun.addHost");
  }

  #show(job: Job | undefined): void {
    if (job === undefined) return;
    this.#parts.notices.watch(job);
    this.#parts.panels.open(job);
  }

  /** Asks for the targets, the command and, on request, options. */
  #ask(known: KnownJob, root: StepToggle): Promise<Draft | undefined> {
    const more = moreOptions();
    const steps: Step<Draft>[] = [
      ...(known.targets === undefined ? [this.#targetsStep] : []),
      ...(known.command === undefined ? [this.#commandStep] : []),
    ];
    const optionsStep: Step<Draft> = async (draft, frame) => {
      if (!more.isOn) return { value: draft };
      const answer = await askJobOptions(draft.options, { ...frame, toggles: undefined });
      return typeof answer === "string" ? answer : { value: { ...draft, options: answer.value } };
    };
    /** Without options there is one step less. */
    const counted = [...steps, optionsStep].map<Step<Draft>>((step) => (draft, frame) => {
      const totalSteps = steps.length + (more.isOn ? 1 : 0);
      return step(draft, { ...frame, totalSteps });
    });
    const start: Draft = { targets: known.targets, command: known.command ?? "", options: {} };
    return askSteps({ title: vscode.l10n.t("Run on Several Hosts"), toggles: [root, more] }, start, counted);
  }

  /** Undefined if the user cancels, or the targets match no host, which has been reported. */
  async #askSudo(targets: readonly string[]): Promise<ChosenJob["sudo"] | undefined> {
    const resolved = await this.#parts.starter.resolve(targets);
    return resolved && askPasswords(resolved.hosts);
  }

  readonly #targetsStep: Step<Draft> = async (draft, frame) => {
    const answer = await askTargets(this.#parts.hosts.hosts, frame);
    return typeof answer === "string" ? answer : { value: { ...draft, targets: answer.value } };
  };

  readonly #commandStep: Step<Draft> = async (draft, frame) => {
    const resolved = await this.#parts.starter.resolve(draft.targets ?? []);
    if (resolved === undefined) return "cancel";
    const name = shortened(foldNames(resolved.hosts), 60);
    const several: Host = { ...blankHost, name, address: name };
    const { runs } = this.#parts.runs;
    const answer = await askCommand(
      { host: several, runs, ofHost: Promise.resolve([]), typed: draft.command, keep: () => undefined },
      { ...frame, title: vscode.l10n.t("Run on {0}", name) },
    );
    return typeof answer === "string" ? answer : { value: { ...draft, command: answer.value } };
  };

  #within(path: string): string[] {
    const parts = groupParts(path);
    const isWithin = (own: readonly string[]): boolean => parts.every((part, at) => own[at] === part);
    return this.#parts.hosts.hosts.filter(({ group }) => isWithin(groupParts(group))).map(({ name }) => name);
  }
}

/** How many passwords there are for sudo; undefined if the user cancels. */
async function askPasswords(hosts: readonly string[]): Promise<ChosenJob["sudo"] | undefined> {
  if (hosts.length === 1) return "each";
  const title = vscode.l10n.t("Password for sudo on {0}", shortened(foldNames(hosts), 60));
  const answer = await askChoice<"same" | "each">(
    {
      placeholder: vscode.l10n.t("Which password should be used where sudo asks for one?"),
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

/** By default only the targets and the command are asked for. */
function moreOptions(): StepToggle {
  return {
    isOn: false,
    isApart: true,
    on: vscode.l10n.t("options follow"),
    turnOn: vscode.l10n.t("More Options"),
    turnOff: vscode.l10n.t("No More Options"),
    icons: { off: "settings", on: "settings-gear" },
  };
}
