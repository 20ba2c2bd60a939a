import * as vscode from "vscode";
import { FromPanel, type ToPanel } from "../../protocol/panel.ts";
import type { Problem, ProblemDetails } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { hostAddress } from "../hosts/host-address.ts";
import type { HostList } from "../hosts/host-list.ts";
import { hostOfRun } from "../hosts/unsaved-host.ts";
import { asProblem, isAbort } from "../problem-report.ts";
import type { OwnQuestions } from "../prompts/own-questions.ts";
import { connectionLabel } from "./connection-labels.ts";
import { OutputFlow } from "./output-flow.ts";
import { messageHtml, panelHtml, preparePage } from "./panel-html.ts";
import { panelLook, translatedPanelLabels } from "./panel-look.ts";
import { PanelMail } from "./panel-mail.ts";
import { panelMessage } from "./panel-message.ts";
import type { FinishedNotices, RunTab } from "./finished-notices.ts";
import { feedRun, type RunScreen } from "./run-feed.ts";
import { TabFace } from "./tab-face.ts";
import { TabFocus } from "./tab-focus.ts";

/** What a run's panel depends on. */
export interface PanelContext {
  readonly extensionUri: vscode.Uri;
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly log: vscode.LogOutputChannel;
  readonly finished: FinishedNotices;
  /** Prompts of runs started here are shown in this window. */
  readonly own: OwnQuestions;
  /** Reads the lists, unless they have been read: a panel's header describes its host. */
  start(): Promise<void>;
  /** The titles of actions that may fix a problem. */
  actionTitles(problem: ProblemDetails): readonly string[];
  /** Performs the actions of the webview's tools. */
  act(panel: RunPanel, message: Exclude<FromPanel, { type: "ready" | "drawn" | "focused" }>): Promise<void>;
  /** A run that this window started, as opposed to a replay, failed. */
  failed(panel: RunPanel, problem: ProblemDetails): void;
}

/** The first run of a panel. */
export interface RunStart {
  readonly id: string;
  /** The response when it was started, so that no request is needed. */
  readonly run?: Run;
  /** Whether it was just started here, so that the user waits for it. */
  readonly awaited: boolean;
  /** The state of the panel's page, which may have been loaded in advance. */
  readonly page: "none" | "loading" | "ready";
  readonly focused?: boolean;
}

/**
 * The tab of one run. It keeps only the run's id: whenever the webview is loaded, including after it was hidden or
 * moved, or the window was reloaded, the run is replayed from the daemon.
 */
export class RunPanel implements RunTab {
  readonly panel: vscode.WebviewPanel;
  readonly #context: PanelContext;
  #runId: string;
  /** The run as it was when started here, until it is shown. */
  #started: Run | undefined;
  /** Whether the run was just started here, so that the user waits for it. */
  #awaited: boolean;
  /** The run as it was last shown. */
  #run: Run | undefined;
  #problem: ProblemDetails | undefined;
  #isBroken = false;
  #isDisposed = false;
  readonly #mail = new PanelMail((messages) => void this.panel.webview.postMessage(messages));
  readonly #face: TabFace;
  readonly #focus: TabFocus;
  #feed: AbortController | undefined;
  #flow: OutputFlow | undefined;

  constructor(panel: vscode.WebviewPanel, run: RunStart, context: PanelContext) {
    this.panel = panel;
    this.#context = context;
    this.#runId = run.id;
    this.#started = run.run;
    this.#awaited = run.awaited;
    this.#face = new TabFace(panel, context.extensionUri);
    this.#focus = new TabFocus(panel);
    if (run.awaited) {
      context.finished.watch(run.id, this);
      if (run.focused === true) this.#focus.settle();
      void this.#askOnceFocused();
    }
    panel.webview.onDidReceiveMessage((message: unknown) => this.#take(message));
    panel.onDidChangeViewState(() => {
      if (panel.visible) return;
      this.#stopFeed();
      // The user switched to something else.
      this.#focus.settle();
    });
    const changes = context.daemon.onDidChange((change) => {
      if (change.type === "runChanged" && change.run.id === this.#runId) this.#changed(change.run);
    });
    panel.onDidDispose(() => {
      this.#isDisposed = true;
      this.#mail[Symbol.dispose]();
      this.#face[Symbol.dispose]();
      this.#focus[Symbol.dispose]();
      changes.dispose();
      this.#stopFeed();
    });
    if (run.page === "none") preparePage(panel, context.extensionUri);
    else if (run.page === "ready") void this.#startFeed();
  }

  get runId(): string {
    return this.#runId;
  }

  /**
   * The run that is shown, as of the time when it was loaded: its command and options do not change. Undefined while
   * none is shown.
   */
  get run(): Run | undefined {
    return this.#run?.id === this.#runId ? this.#run : undefined;
  }

  /** The failure that was last shown, e.g. the unknown host key. */
  get problem(): ProblemDetails | undefined {
    return this.#problem;
  }

  /** Shows another run in the same tab. */
  show(run: Run): void {
    this.#runId = run.id;
    this.#started = run;
    this.#awaited = true;
    this.#context.finished.watch(run.id, this);
    this.#context.own.started(run.id);
    if (this.#isBroken) this.#load();
    else void this.#startFeed();
  }

  /** Moves the focus to the output. */
  takeFocus(): void {
    void this.#focus.bring();
  }

  /** Resolves when the focus has arrived or is not coming. An input that opens earlier loses it to this tab. */
  focusArrival(): Promise<void> {
    return this.#focus.arrival();
  }

  shows(runId: string): boolean {
    return !this.#isDisposed && this.panel.visible && this.#runId === runId;
  }

  /** Retries to show a run that could not be shown, e.g. when the daemon is back. */
  recover(): void {
    if (this.#isBroken) this.#load();
  }

  post(message: ToPanel): void {
    const actions =
      message.type === "problem" ? { actions: [...this.#context.actionTitles(message.problem)] } : {};
    this.#mail.post({ ...message, ...actions });
  }

  #changed(run: Run): void {
    this.#face.show(run);
    if (this.#run?.id !== run.id || this.#run.note === run.note) return;
    this.#run = { ...this.#run, note: run.note };
    this.post({ type: "note", note: run.note });
  }

  #take(message: unknown): void {
    const { log } = this.#context;
    const data = panelMessage(FromPanel, message, { panel: `run ${this.#runId}`, log });
    if (data === undefined) return;
    if (data.type === "ready") void this.#startFeed();
    else if (data.type === "focused") this.#focus.settle();
    else if (data.type === "drawn") this.#flow?.drawn(data.characters);
    else void this.#context.act(this, data);
  }

  async #askOnceFocused(): Promise<void> {
    await this.focusArrival();
    this.#context.own.started(this.#runId);
  }

  #stopFeed(): void {
    this.#feed?.abort();
    this.#flow?.[Symbol.dispose]();
  }

  async #startFeed(): Promise<void> {
    this.#stopFeed();
    this.#problem = undefined;
    this.#isBroken = false;
    const feed = new AbortController();
    const flow = new OutputFlow((chunks) => {
      const ageMs = Math.max(0, Date.now() - Date.parse(screen.writtenAt));
      this.post({ type: "output", chunks, ageMs: Number.isNaN(ageMs) ? 0 : ageMs });
    });
    this.#feed = feed;
    this.#flow = flow;
    let shown = false;
    const screen: RunScreen = {
      flow,
      writtenAt: "",
      post: (message: ToPanel) => {
        if (!feed.signal.aborted) this.post(message);
      },
      show: (run: Run) => {
        shown = true;
        screen.post(this.#begin(run));
      },
      connection: (run: Run) => {
        this.#stand(run);
        return connectionLabel(run);
      },
      failed: (problem: ProblemDetails) => this.#failed(problem),
    };
    try {
      await this.#context.start();
      const run = this.#started ?? this.#runId;
      this.#started = undefined;
      await feedRun(this.#context.daemon, run, screen, feed.signal);
      this.#awaited = false;
    } catch (failure) {
      if (feed.signal.aborted || isAbort(failure)) return;
      this.#broke(asProblem(failure), shown);
    }
  }

  #begin(run: Run): ToPanel {
    this.#stand(run);
    this.#run = run;
    const { hosts } = this.#context;
    const host = hostOfRun(hosts.hosts, run.host.name);
    const isProduction = host !== undefined && hosts.production(host) !== undefined;
    const { name, address } = run.host;
    const where = hostAddress({ address, user: host?.user ?? null, port: host?.port });
    return {
      type: "show",
      run,
      host: { name, where, production: isProduction },
      look: panelLook(),
      words: translatedPanelLabels(),
      elapsedMs: Math.max(0, Date.now() - Date.parse(run.startedAt ?? run.createdAt)),
    };
  }

  /** The end of a short run may have been reported before its tab existed. */
  #stand(run: Run): void {
    this.#face.show(run);
    if (run.state === "ended") this.#context.finished.forget(run.id);
    else this.#context.finished.watch(run.id, this);
  }

  #failed(problem: ProblemDetails): void {
    this.#problem = problem;
    if (!this.#awaited) return;
    this.#awaited = false;
    this.#context.failed(this, problem);
  }

  /** The replay itself failed: the daemon is gone, or no longer has the run. */
  #broke(problem: Problem, shown: boolean): void {
    this.#context.log.error(`Run ${this.#runId} cannot be shown: ${problem.code}: ${problem.message}`);
    this.#problem = problem.toJSON();
    this.#isBroken = true;
    if (shown) this.post({ type: "problem", problem: problem.toJSON() });
    else {
      const gone = problem.code === "run_unknown";
      const title = gone
        ? vscode.l10n.t("This run no longer exists")
        : vscode.l10n.t("This run cannot be shown");
      this.panel.webview.html = messageHtml(title, problem.message);
    }
  }

  #load(): void {
    const { webview, title } = this.panel;
    webview.html = panelHtml(webview, this.#context.extensionUri, title);
  }
}
