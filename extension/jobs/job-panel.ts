import * as vscode from "vscode";
import type { Change } from "../../protocol/change.ts";
import { foldNames } from "../../protocol/host-set.ts";
import type { Job } from "../../protocol/job.ts";
import { FromJobPanel, type ToJobPanel } from "../../protocol/job-panel.ts";
import { jobPanelLabels } from "../../protocol/job-panel-labels.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { ItemChanges } from "../daemon/item-changes.ts";
import type { HostList } from "../hosts/host-list.ts";
import { hostOfRun } from "../hosts/unsaved-host.ts";
import { commandLine, oneLine, shortened } from "../plain-text.ts";
import { asProblem } from "../problem-report.ts";
import { messageHtml, pageHtml, webviewRoot } from "../terminal/panel-html.ts";
import { translatedPanelLabels } from "../terminal/panel-look.ts";
import { panelMessage } from "../terminal/panel-message.ts";
import { tabIcon } from "../terminal/tab-icon.ts";
import { readGroups, readLastLines } from "./job-results.ts";
import { JobRows } from "./job-rows.ts";
import { runsOfJob } from "../../client/runs-of-job.ts";

export interface JobPanelContext {
  readonly extensionUri: vscode.Uri;
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly log: vscode.LogOutputChannel;
  start(): Promise<void>;
  /** Performs the actions of the webview's tools. */
  act(panel: JobPanel, message: Exclude<FromJobPanel, { type: "ready" | "visible" }>): Promise<void>;
}

/** Changes are sent in batches. */
const batchMs = 100;
/** The interval at which the last lines of running runs, and the groups of equal output, are updated. */
const linesMs = 500;
const groupsMs = 2000;

/** The tab of one job. Like that of a run it keeps only the job's id. */
export class JobPanel {
  readonly panel: vscode.WebviewPanel;
  readonly #context: JobPanelContext;
  #jobId: string;
  #rows: JobRows | undefined;
  readonly #changes = new ItemChanges((change) => {
    if (this.#rows !== undefined) this.#apply(this.#rows, change);
  });
  #visible: readonly string[] = [];
  /** Runs whose last line is final. */
  readonly #settledLines = new Set<string>();
  readonly #timers = new Map<"batch" | "lines" | "groups", NodeJS.Timeout>();
  #loading = 0;

  constructor(panel: vscode.WebviewPanel, jobId: string, context: JobPanelContext) {
    this.panel = panel;
    this.#jobId = jobId;
    this.#context = context;
    panel.webview.onDidReceiveMessage((message: unknown) => this.#take(message));
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.#stop();
    });
    const changes = context.daemon.onDidChange((change) => this.#changed(change));
    panel.onDidDispose(() => {
      this.#stop();
      changes.dispose();
    });
    this.#load();
  }

  get jobId(): string {
    return this.#jobId;
  }

  get rows(): JobRows | undefined {
    return this.#rows;
  }

  /** Shows another job in the same tab. */
  show(job: Job): void {
    this.#jobId = job.id;
    void this.#begin();
  }

  notice(text: string): void {
    this.#post({ type: "notice", text });
  }

  #load(): void {
    const { panel } = this;
    const { extensionUri } = this.#context;
    panel.iconPath = tabIcon(extensionUri);
    panel.webview.options = { enableScripts: true, localResourceRoots: [webviewRoot(extensionUri)] };
    const page = { title: panel.title, body: '<div id="app"></div>', bundle: "job" } as const;
    panel.webview.html = pageHtml(panel.webview, extensionUri, page);
  }

  #post(message: ToJobPanel): void {
    void this.panel.webview.postMessage(message);
  }

  #take(message: unknown): void {
    const { log } = this.#context;
    const data = panelMessage(FromJobPanel, message, { panel: `job ${this.#jobId}`, log });
    if (data === undefined) return;
    if (data.type === "ready") void this.#begin();
    else if (data.type === "visible") {
      this.#visible = data.hosts;
      this.#schedule("lines", 0);
    } else void this.#context.act(this, data);
  }

  #stop(): void {
    this.#loading += 1;
    this.#rows = undefined;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Reads the whole job, and shows it from the beginning. */
  async #begin(): Promise<void> {
    this.#stop();
    this.#settledLines.clear();
    const loading = this.#loading;
    try {
      await this.#context.start();
      await this.#changes.read(
        () => this.#read(this.#jobId),
        (rows) => {
          if (loading !== this.#loading) return;
          this.#rows = rows;
          this.#show(rows);
        },
      );
    } catch (failure) {
      if (loading === this.#loading) this.#broke(failure);
    }
  }

  async #read(id: string): Promise<JobRows> {
    const { daemon, hosts } = this.#context;
    const job = await daemon.call("getJob", { params: { job: id } });
    const rows = new JobRows(job, (name) => {
      const host = hostOfRun(hosts.hosts, name);
      return host !== undefined && hosts.production(host) !== undefined;
    });
    for await (const run of runsOfJob((input) => daemon.call("listJobRuns", input), id, "created"))
      rows.take(run);
    return rows;
  }

  #show(rows: JobRows): void {
    const { job } = rows;
    this.panel.title = jobTitle(job);
    const own = Object.entries(jobPanelLabels).map(([key, text]) => [key, vscode.l10n.t(text)] as const);
    this.#post({
      type: "job",
      jobId: job.id,
      command: job.command,
      targets: whereOf(job),
      rows: rows.all(),
      standing: rows.standing(),
      concurrency: job.options.batches === null ? job.options.concurrency : null,
      words: { ...translatedPanelLabels(), ...Object.fromEntries(own) },
    });
    this.#stand(rows);
    this.#schedule("groups", 0);
  }

  #changed(change: Change): void {
    if (change.type === "reset") {
      if (this.panel.visible) void this.#begin();
      return;
    }
    const isOwn =
      (change.type === "runChanged" && change.run.jobId === this.#jobId) ||
      (change.type === "jobChanged" && change.job.id === this.#jobId);
    if (isOwn && this.panel.visible) this.#changes.take(change);
  }

  #apply(rows: JobRows, change: Change): void {
    if (change.type === "runChanged") rows.take(change.run);
    else if (change.type === "jobChanged") rows.takeJob(change.job);
    const isOver = rows.job.state === "ended";
    this.#schedule("batch", batchMs);
    this.#schedule("lines", linesMs);
    if (isOver) {
      clearTimeout(this.#timers.get("groups"));
      this.#timers.delete("groups");
    }
    this.#schedule("groups", isOver ? batchMs : groupsMs);
  }

  /** At most one of each kind at a time. */
  #schedule(kind: "batch" | "lines" | "groups", ms: number): void {
    if (this.#timers.has(kind)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(kind);
      const rows = this.#rows;
      if (rows === undefined) return;
      if (kind === "batch") this.#sendRows(rows);
      else if (kind === "lines") void this.#sendLines(rows);
      else void this.#sendGroups(rows);
    }, ms);
    this.#timers.set(kind, timer);
  }

  #sendRows(rows: JobRows): void {
    this.#post({ type: "rows", rows: rows.changed(), standing: rows.standing() });
    this.#stand(rows);
  }

  async #sendLines(rows: JobRows): Promise<void> {
    const runs = this.#visible
      .map((host) => rows.runOf(host))
      .filter((run): run is Run => run !== undefined && !this.#settledLines.has(run.id))
      .filter(({ state }) => state === "running" || state === "ended");
    if (runs.length === 0) return;
    const lines = await readLastLines(this.#context.daemon, runs);
    if (this.#rows !== rows) return;
    for (const { id, state } of runs) if (state === "ended") this.#settledLines.add(id);
    this.#post({ type: "lastLines", lines });
    if (runs.some(({ state }) => state === "running")) this.#schedule("lines", linesMs);
  }

  async #sendGroups(rows: JobRows): Promise<void> {
    const groups = await readGroups(this.#context.daemon, this.#jobId).catch(() => undefined);
    if (groups !== undefined && this.#rows === rows) this.#post({ type: "groups", groups });
  }

  #stand(rows: JobRows): void {
    const { state, outcome } = rows.job;
    const ending = {
      succeeded: ["exited", 0],
      failed: ["failed", null],
      cancelled: ["cancelled", null],
    } as const;
    const [end, exitCode] = outcome === null ? ([null, null] as const) : ending[outcome];
    const standing = { state, outcome: end, exitCode } as const;
    this.panel.iconPath = tabIcon(this.#context.extensionUri, standing);
  }

  #broke(failure: unknown): void {
    const problem = asProblem(failure);
    this.#context.log.error(`Job ${this.#jobId} cannot be shown: ${problem.code}: ${problem.message}`);
    this.panel.webview.html = messageHtml(vscode.l10n.t("This job cannot be shown"), problem.message);
  }
}

/** The targets and the command. */
export function jobTitle(job: Job): string {
  return `${shortened(whereOf(job), 30)}: ${commandLine(job.command, 40)}`;
}

/** The requested targets, abbreviated: `tag:web`, `web[1-12,15]`. */
export function whereOf({ targets }: Job): string {
  return foldNames(targets.map(oneLine));
}
