import * as vscode from "vscode";
import type { Host } from "../protocol/host.ts";
import type { ProblemCode, ProblemDetails } from "../protocol/problem.ts";
import { openAt, openSshConfig } from "./hosts/ssh-config-page.ts";
import { isOfSshConfig } from "./hosts/ssh-config-problem.ts";
import type { ProblemAction } from "./problem-report.ts";
import { openSettings } from "./settings-page.ts";

/** Problems that an error in a host's configuration may cause. */
const ofHost: ReadonlySet<ProblemCode> = new Set([
  "host_unreachable",
  "authentication_failed",
  "identity_file_missing",
  "identity_file_unreadable",
  "timed_out",
  "protocol_error",
  "conflict",
]);

/** The setting that determines whether the problem occurs at all. */
const settings: Partial<Record<ProblemCode, string>> = {
  queue_full: "maxQueuedRuns",
  storage_full: "historyMaxBytes",
  timed_out: "connectTimeoutMs",
};

/** The buttons for fixing a problem, the most likely first. `named` finds a host by the name in a problem. */
export function problemActions(
  problem: ProblemDetails,
  named: (name: string) => Host | undefined,
): readonly ProblemAction[] {
  const host = ofHost.has(problem.code) ? named(problem.host ?? "") : undefined;
  const setting = settingOf(problem);
  const actions: ProblemAction[] = oldKeyActions(problem);
  if (host !== undefined && host.id !== null) {
    actions.push({ title: vscode.l10n.t("Edit Host"), act: () => edit(host) });
  }
  if (isOfSshConfig(problem, host)) {
    actions.push({ title: vscode.l10n.t("Open SSH Config"), act: () => openSshConfig(host) });
  }
  if (setting !== undefined) {
    actions.push({ title: vscode.l10n.t("Open Setting"), act: () => openSettings(setting) });
  }
  return [
    ...actions,
    { title: vscode.l10n.t("Copy"), act: () => vscode.env.clipboard.writeText(problemText(problem)) },
  ];
}

/** Hostrun never removes an old host key by itself. */
function oldKeyActions(problem: ProblemDetails): ProblemAction[] {
  const oldKey = oldKeyOf(problem);
  const removal = problem.expected?.find(({ remove }) => remove !== undefined)?.remove;
  const actions: ProblemAction[] = [];
  if (oldKey !== undefined) {
    actions.push({ title: vscode.l10n.t("Open known_hosts"), act: () => openAt(oldKey) });
  }
  if (removal !== undefined) {
    const act = (): Thenable<void> => vscode.env.clipboard.writeText(removal);
    actions.push({ title: vscode.l10n.t("Copy Removal Command"), act });
  }
  return actions;
}

/** The location of a key that the host no longer has, to be removed by hand. */
function oldKeyOf({ expected }: ProblemDetails): { file: string; line: number } | undefined {
  const [, file, line] = /^(.+):(\d+)$/.exec(expected?.[0]?.at ?? "") ?? [];
  return file === undefined ? undefined : { file, line: Number(line) };
}

function edit(host: Host): Thenable<unknown> {
  return vscode.commands.executeCommand("hostrun.editHostRow", { kind: "host", host });
}

function settingOf({ code, reason, issues }: ProblemDetails): string | undefined {
  const named = issues
    ?.map(({ path }) => /^hostrun\.(\w+)/.exec(path)?.[1])
    .find((name) => name !== undefined);
  if (named !== undefined) return named;
  if (code === "host_key_unknown" && reason === "strict") return "hostKeyPolicy";
  return settings[code];
}

/** Everything that a bug report about the problem needs. */
export function problemText({ code, title, detail, hop, reason, issues }: ProblemDetails): string {
  return [
    `${title} (${code}${reason === undefined ? "" : `, ${reason}`})`,
    detail,
    ...(hop === undefined ? [] : [`Hop: ${hop}`]),
    ...(issues ?? []).map(({ path, message }) => `${path}: ${message}`),
  ].join("\n");
}
