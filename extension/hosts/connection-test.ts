import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { HostTest } from "../../protocol/host-test.ts";
import type { Problem } from "../../protocol/problem.ts";
import type { TestStep } from "../../protocol/test-step.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { linkless, oneLine } from "../plain-text.ts";
import { asProblem, isAbort, type ProblemReport } from "../problem-report.ts";
import type { OwnQuestions } from "../prompts/own-questions.ts";
import { asking } from "../runs/runner.ts";
import { askToTrust, isTrustable, wasAsked } from "./host-key-trust.ts";
import { hostRef, type HostList } from "./host-list.ts";
import { stepLabel, stepRow, stepSummary } from "./test-labels.ts";

export interface ConnectionTestParts {
  readonly daemon: Daemon;
  readonly hosts: Pick<HostList, "failed">;
  readonly report: ProblemReport;
  readonly own: OwnQuestions;
}

/** Connects to a host and logs in, step by step, and reports how far it got. */
export class ConnectionTest {
  readonly #parts: ConnectionTestParts;

  constructor(parts: ConnectionTestParts) {
    this.#parts = parts;
  }

  async run(host: Host): Promise<void> {
    try {
      showFound(host, await this.#connect(host));
    } catch (failure) {
      if (isAbort(failure)) return;
      const problem = asProblem(failure);
      this.#parts.hosts.failed(host, problem);
      const details = problem.toJSON();
      if (!isTrustable(details)) this.#showFailure(host, problem);
      else if (!wasAsked(details) && (await this.#trusts(details))) await this.run(host);
    }
  }

  #connect(host: Host): Promise<HostTest> {
    const { daemon, own } = this.#parts;
    const testId = randomUUID();
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t("Testing {0}", host.name),
      cancellable: true,
    };
    const work = async (
      progress: vscode.Progress<{ message: string }>,
      cancelled: vscode.CancellationToken,
    ): Promise<HostTest> => {
      const left = new AbortController();
      cancelled.onCancellationRequested(() => left.abort());
      const watching = daemon.onDidChange((change) => {
        if (change.type !== "hostTest" || change.testId !== testId) return;
        const step = change.steps.at(-1);
        if (step !== undefined) progress.report({ message: stepSummary(step) });
      });
      try {
        const body = { ...asking(), testId, fresh: true };
        const input = { params: { host: hostRef(host) }, body, signal: left.signal };
        return await own.during(() => daemon.call("testHost", input));
      } finally {
        watching.dispose();
      }
    };
    return Promise.resolve(vscode.window.withProgress(options, work));
  }

  /** Reports the step that failed and what to do, and lists all steps on demand. */
  #showFailure(host: Host, problem: Problem): void {
    const { steps = [] } = problem.members;
    const failed = steps.find(({ state }) => state === "failed");
    const what =
      failed === undefined
        ? vscode.l10n.t("{0} could not be reached", host.name)
        : vscode.l10n.t("{0} failed the test at: {1}", host.name, stepSummary(failed));
    const show = { title: vscode.l10n.t("Show Steps"), act: () => showSteps(host, steps) };
    this.#parts.report.show(what, problem, ...(steps.length === 0 ? [] : [show]));
  }

  #trusts(problem: Parameters<typeof askToTrust>[1]): Promise<boolean | undefined> {
    return this.#parts.report.attempt(vscode.l10n.t("The host key could not be recorded"), () =>
      askToTrust(this.#parts.daemon, problem, vscode.l10n.t("Trust and Test")),
    );
  }
}

function showFound(host: Host, { connectMs, server, hostKey, steps }: HostTest): void {
  const failed = steps.find(({ state }) => state === "failed");
  const message =
    failed === undefined
      ? vscode.l10n.t("{0} answered in {1} ms: {2}, {3}.", host.name, connectMs, server, hostKey.keyType)
      : vscode.l10n.t(
          "{0} lets you log in, but failed the test at: {1}. {2}",
          host.name,
          stepLabel(failed.name),
          failed.note ?? "",
        );
  const notify =
    failed === undefined ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
  const show = vscode.l10n.t("Show Steps");
  const shown = notify(linkless(oneLine(message)), show);
  void shown.then((answer) => (answer === show ? showSteps(host, steps) : undefined));
}

/** A list that is for display only. */
async function showSteps(host: Host, steps: readonly TestStep[]): Promise<void> {
  await vscode.window.showQuickPick(steps.map(stepRow), {
    title: vscode.l10n.t("Connection Test of {0}", host.name),
    placeHolder: vscode.l10n.t("What was done, on each hop, and how long it took"),
    matchOnDescription: true,
  });
}
