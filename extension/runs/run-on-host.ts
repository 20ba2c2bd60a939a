import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { RunRequest } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { EarlyConnect } from "../hosts/early-connect.ts";
import { askHost } from "../hosts/host-choice.ts";
import { whereLabel } from "../hosts/host-labels.ts";
import type { HostList } from "../hosts/host-list.ts";
import { askSteps, type Step, type StepToggle } from "../input/steps.ts";
import { commandLine } from "../plain-text.ts";
import { askCommand, lineCount } from "./command-choice.ts";
import type { RunList } from "./run-list.ts";

/** The command to run, and its host. */
export interface ChosenRun {
  readonly host: Host;
  readonly command: string;
  /** Whether it keeps running on the host when the connection is lost. */
  readonly durable: boolean;
  /** Whether it runs as root, with sudo. */
  readonly sudo: boolean;
  /** Other options that differ from the default. */
  readonly more?: Partial<
    Pick<RunRequest, "useBash" | "loginShell" | "cwd" | "pty" | "timeoutMs" | "secretEnv">
  >;
}

interface Draft {
  readonly host?: Host | undefined;
  readonly command: string;
}

export interface RunQuestions {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly runs: RunList;
  readonly early: Pick<EarlyConnect, "asked" | "considered" | "chosen">;
  /** Adds a host, with an address that may have been typed already as `text`; undefined if the user cancels. */
  addHost(text: string): Promise<Host | undefined>;
  /** Asks for several hosts instead; `command`: what will run there, if known already. */
  several(command: string | undefined): Promise<void>;
}

/** What is known before anything is asked. */
export interface RunStart {
  readonly host?: Host | undefined;
  readonly command?: string;
  /** The initial text of the command's input, if the host is the same. */
  readonly unrun?: ChosenRun | undefined;
  /** Called when a command is being typed for this host; not if a confirmation follows. */
  readonly typing?: (host: Host) => void;
}

/**
 * Asks for what is not known yet: the host, then the command. Undefined if the user cancels. "Add Host…" continues
 * with the host that was added.
 */
export async function askRun(questions: RunQuestions, known: RunStart): Promise<ChosenRun | undefined> {
  const steps = [
    ...(known.host === undefined ? [hostStep(questions, known.command)] : []),
    ...(known.command === undefined ? [commandStep(questions, known)] : []),
  ];
  const keep = keepRunning();
  const root = asRoot();
  const title = vscode.l10n.t("Run on Host");
  const start = { host: known.host, command: known.command ?? "" };
  const draft = await askSteps({ title, toggles: [keep, root] }, start, steps);
  if (draft?.host === undefined) return undefined;
  return { host: draft.host, command: draft.command, durable: keep.isOn, sudo: root.isOn };
}

/** `command`: what will run once the host is chosen, if known already. */
function hostStep(questions: RunQuestions, command: string | undefined): Step<Draft> {
  const { early } = questions;
  return async (draft, frame) => {
    early.asked(questions.hosts.hosts);
    const answer = await askHost(
      {
        placeholder: hostPlaceholder(command),
        hosts: questions.hosts.hosts,
        runs: questions.runs.runs,
        chosen: draft.host,
        unsaved: true,
        several: true,
        preselects: command === undefined,
        considered: (host) => early.considered(host),
      },
      command === undefined ? frame : { ...frame, title: vscode.l10n.t("Run {0}", commandLine(command, 80)) },
    );
    if (typeof answer === "string") return answer;
    if (answer.value === "several") {
      // A separate input, which opens when this one has closed.
      void questions.several(command);
      return "cancel";
    }
    const host = "add" in answer.value ? await questions.addHost(answer.value.add) : answer.value;
    return host === undefined ? "cancel" : { value: { ...draft, host } };
  };
}

function hostPlaceholder(command: string | undefined): string {
  const lines = command === undefined ? 1 : lineCount(command);
  return lines === 1
    ? vscode.l10n.t("Choose the host to run on, or type user@host")
    : vscode.l10n.t("Choose the host to run these {0} lines on, or type user@host", lines);
}

function commandStep(questions: RunQuestions, { unrun, typing }: RunStart): Step<Draft> {
  let typed = "";
  return async (draft, frame) => {
    const { host } = draft;
    if (host === undefined) return "cancel";
    questions.early.chosen(host);
    if (typed === "" && unrun?.host.name === host.name) typed = unrun.command;
    const ofHost = questions.daemon
      .call("listRuns", { query: { host: host.name, limit: "100" } })
      .then((page) => page.items);
    const keep = (text: string): void => {
      typed = text;
      if (text !== "") typing?.(host);
    };
    const answer = await askCommand(
      { host, runs: questions.runs.runs, ofHost, typed, keep },
      {
        ...frame,
        title: vscode.l10n.t("Run on {0}", whereLabel(host, questions.hosts.production(host) !== undefined)),
      },
    );
    return typeof answer === "string" ? answer : { value: { host, command: answer.value } };
  };
}

/** The default is the setting's value. */
function keepRunning(): StepToggle {
  return {
    isOn: vscode.workspace.getConfiguration("hostrun").get("keepRunning", false),
    on: vscode.l10n.t("keeps running if the link drops"),
    turnOn: vscode.l10n.t("Keep it running if the link drops"),
    turnOff: vscode.l10n.t("Don't keep it running if the link drops"),
    icons: { off: "pin", on: "pinned" },
  };
}

/** Off by default. */
export function asRoot(): StepToggle {
  return {
    isOn: false,
    on: vscode.l10n.t("as root"),
    turnOn: vscode.l10n.t("Run it as root, by sudo"),
    turnOff: vscode.l10n.t("Don't run it as root"),
    icons: { off: "shield", on: "workspace-trusted" },
  };
}
