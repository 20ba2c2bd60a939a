import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { askHost } from "../hosts/host-choice.ts";
import type { HostList } from "../hosts/host-list.ts";
import { askSteps, type Step, type StepToggle } from "../input/steps.ts";
import { askCommand } from "./command-choice.ts";
import type { RunList } from "./run-list.ts";

/** What to run, and where. */
export interface RunWish {
  readonly host: Host;
  readonly command: string;
  /** Whether it is to keep running on the host when the link drops. */
  readonly durable: boolean;
}

interface Draft {
  readonly host?: Host | undefined;
  readonly command: string;
}

export interface RunQuestions {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly runs: RunList;
  /** Adds a host, of whose address `text` was typed already; undefined when the person left. */
  addHost(text: string): Promise<Host | undefined>;
}

/**
 * Asks what is not known yet: the host, then the command. undefined: the person left. "Add host…" goes on with
 * the host that was added.
 */
export async function askRun(
  questions: RunQuestions,
  known: { readonly host?: Host | undefined; readonly command?: string },
): Promise<RunWish | undefined> {
  let typed = "";
  const hostStep: Step<Draft> = async (draft, frame) => {
    const answer = await askHost(
      {
        placeholder: vscode.l10n.t("Choose the host to run on, or type user@host"),
        hosts: questions.hosts.hosts,
        runs: questions.runs.runs,
        chosen: draft.host,
        unsaved: true,
      },
      frame,
    );
    if (typeof answer === "string") return answer;
    const host = "add" in answer.value ? await questions.addHost(answer.value.add) : answer.value;
    return host === undefined ? "cancel" : { value: { ...draft, host } };
  };
  const commandStep: Step<Draft> = async (draft, frame) => {
    const { host } = draft;
    if (host === undefined) return "cancel";
    const ofHost = questions.daemon
      .call("listRuns", { query: { host: host.name, limit: "100" } })
      .then((page) => page.items);
    const keep = (text: string): void => {
      typed = text;
    };
    const answer = await askCommand({ host, runs: questions.runs.runs, ofHost, typed, keep }, frame);
    return typeof answer === "string" ? answer : { value: { host, command: answer.value } };
  };
  const steps = [
    ...(known.host === undefined ? [hostStep] : []),
    ...(known.command === undefined ? [commandStep] : []),
  ];
  const title = vscode.l10n.t("Run on Host");
  const start = { host: known.host, command: known.command ?? "" };
  const toggle = keepRunning();
  const frame = { title: known.host === undefined ? title : `${title}: ${known.host.name}`, toggle };
  const draft = await askSteps(frame, start, steps);
  if (draft?.host === undefined) return undefined;
  return { host: draft.host, command: draft.command, durable: toggle.isOn };
}

/** As the setting says, unless the person wants it otherwise this time. */
function keepRunning(): StepToggle {
  return {
    isOn: vscode.workspace.getConfiguration("hostrun").get("keepRunning", false),
    on: vscode.l10n.t("keeps running if the link drops"),
    turnOn: vscode.l10n.t("Keep it running if the link drops"),
    turnOff: vscode.l10n.t("Don't keep it running if the link drops"),
    icons: { off: "pin", on: "pinned" },
  };
}
