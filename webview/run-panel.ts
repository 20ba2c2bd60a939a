import type { Look, PanelTool, ToPanel } from "../protocol/panel.ts";
import type { ProblemDetails } from "../protocol/problem.ts";
import type { Run } from "../protocol/run.ts";
import type { Bridge } from "./bridge.ts";
import { formatSpan } from "../protocol/span.ts";
import { DebugLog } from "./debug-log.ts";
import { element } from "./element.ts";
import { type Ending, standingAtEnd, standingOf, stoppingStanding } from "./ending.ts";
import { FindBar } from "./find-bar.ts";
import { Input } from "./input.ts";
import { Head } from "./head.ts";
import { listenToKeys } from "./keys.ts";
import { isPageItselfFocused } from "./page-focus.ts";
import { createProblemView } from "./problem-view.ts";
import { isCalm } from "./calm.ts";
import { Screen } from "./screen.ts";
import { Settled } from "./settled.ts";
import { Silence } from "./silence.ts";
import { StatusLine } from "./status-line.ts";
import { watchTheme } from "./theme.ts";
import { Toolbar } from "./toolbar.ts";
import { label } from "./labels.ts";

type Message<Type extends ToPanel["type"]> = Extract<ToPanel, { type: Type }>;

/** The longest text that one `copied` message may carry. */
const maxCopied = 64 * 1024 * 1024;

/**
 * The page of a tab, which shows one run after another, each from its `show` on. It is created once, possibly hidden
 * before there is a run, so that the first output of a run need not wait for it.
 */
export class RunPanel {
  readonly #bridge: Bridge;
  readonly #element = element("div", { class: "panel" });
  readonly #body = element("main", { class: "body" });
  readonly #toolbar = new Toolbar((name) => this.#use(name));
  readonly #head = new Head(this.#toolbar.element, () => this.#use("note"));
  readonly #status = new StatusLine();
  readonly #screen: Screen;
  readonly #find: FindBar;
  readonly #log = new DebugLog();
  readonly #silence = new Silence((ms) => this.#input.silent(ms));
  readonly #input: Input;
  readonly #size = new Settled(() => this.#tellSize());
  #problem: HTMLElement | undefined;
  #live = false;
  #stopping = false;
  #bytes = 0;

  constructor(app: HTMLElement, look: Look, bridge: Bridge) {
    this.#bridge = bridge;
    app.append(this.#element);
    this.#element.append(this.#head.element, this.#head.note.element, this.#body);
    this.#screen = new Screen(this.#body, {
      look,
      drawn: (characters) => bridge.post({ type: "drawn", characters }),
      openLink: (url) => bridge.post({ type: "openLink", url }),
      openOutput: () => bridge.post({ type: "openOutput" }),
    });
    this.#find = new FindBar(this.#screen);
    this.#input = new Input(
      (message) => bridge.post(message),
      (pty) => this.#runWithInput(pty),
    );
    this.#input.onTyped = (line) => {
      this.#silence.uncover();
      this.#screen.typed(line);
    };
    this.#body.prepend(this.#find.element);
    this.#body.append(this.#silence.waiting);
    this.#status.addFigure(this.#silence.quiet);
    this.#element.append(this.#input.element, this.#log.element, this.#status.element);
    this.#listen();
  }

  /** Replaces the run shown before completely. */
  show({ run, host, look, elapsedMs }: Message<"show">): void {
    this.#live = true;
    this.#stopping = false;
    this.#bytes = 0;
    this.#size.cancel();
    this.#removeProblem();
    const pty = run.options.pty === true;
    // The output depends on these, so they come before everything else.
    this.#screen.begin(look, pty);
    this.#head.begin(host, run);
    this.#status.begin(isCalm(look));
    this.#find.begin();
    this.#log.begin();
    this.#toolbar.setPressed(false);
    this.#silence.begin();
    this.#input.begin(run);
    this.#element.classList.toggle("reduced-motion", isCalm(look));
    if (pty) {
      this.#screen.onSized = () => this.#size.changed();
      this.#size.changed();
    }
    // Focusing forces a layout of the page: this waits for the frame, which does one anyway.
    requestAnimationFrame(() => {
      if (document.hasFocus() && !this.#input.hasFocus) this.#screen.focus();
    });
    this.#begin(run, elapsedMs);
  }

  receive(message: Exclude<ToPanel, { type: "show" | "prepare" }>): void {
    switch (message.type) {
      case "output":
        return this.#output(message);
      case "status":
        return this.#standing(message);
      case "gap":
        this.#reveal();
        this.#screen.gap(message.stream, message.bytes);
        return this.#count(message.bytes);
      case "problem":
        return this.#showProblem(message.problem, message.actions);
      case "complete":
        // Clears the last activity: it has ended.
        this.#status.setDetail(message.detail ?? "");
        return this.#end(message, message.durationMs);
      case "log":
        return this.#log.add(message.at, message.message);
      case "tool":
        return this.#use(message.tool);
      case "notice":
        return this.#status.notice(message.text);
      case "note":
        return this.#head.note.show(message.note);
      case "look":
        this.#element.classList.toggle("reduced-motion", isCalm(message.look));
        return this.#screen.restyle(message.look);
    }
  }

  /** Adds a note about an invalid message to the log. */
  note(message: string): void {
    this.#log.add(new Date().toISOString(), message);
  }

  #begin(run: Run, elapsedMs: number): void {
    if (run.cached) this.#status.setDetail(label("cached", formatSpan(run.timings.resultAgeMs ?? null)));
    if (run.state === "ended" && run.outcome !== null) {
      this.#count(run.stdoutBytes + run.stderrBytes);
      this.#bytes = 0;
      this.#end({ ...run, outcome: run.outcome }, run.timings.totalMs ?? elapsedMs);
    } else {
      this.#status.startClock(elapsedMs);
      if (run.state === "running") this.#silence.start(elapsedMs);
      this.#standing({ state: run.state, message: "", detail: null });
    }
    if (run.problem !== null) this.#showProblem(run.problem);
  }

  #listen(): void {
    watchTheme(() => this.#screen.restyle());
    // The output is focused whenever VS Code focuses this page, unless another element in it has the focus.
    window.addEventListener("focus", () => {
      if (isPageItselfFocused()) this.#screen.focus();
    });
    listenToKeys(this.#element, {
      find: () => this.#find.open(),
      copySelection: () => this.#copySelection(),
      selectAll: () => this.#screen.selectAll(),
      stop: () => this.#stop(),
    });
  }

  #output({ chunks, ageMs }: Message<"output">): void {
    this.#reveal();
    this.#silence.outputArrived(ageMs ?? 0);
    this.#input.outputArrived(chunks);
    let bytes = 0;
    for (const chunk of chunks) bytes += this.#screen.write(chunk);
    this.#count(bytes);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#status.setBytes(this.#bytes);
  }

  #standing(status: Omit<Message<"status">, "type">): void {
    const { state, detail, reconnecting, transport, stopping } = status;
    if (transport !== undefined || reconnecting) this.#status.setTransport(transport ?? "");
    if (detail !== null) this.#status.setDetail(detail);
    // A run that has ended is replayed from its beginning; its final state stays.
    if (!this.#live || state === "ended") return;
    this.#toolbar.setLive(true);
    if (stopping === true || this.#stopping) return this.#showStopping();
    if (state === "running") {
      this.#silence.start(0);
      this.#input.open();
    }
    this.#showStanding(status);
  }

  #showStanding({ state, message, detail, reconnecting }: Omit<Message<"status">, "type">): void {
    const standing = standingOf(state, reconnecting);
    this.#head.show(standing);
    // Shown only once: a message that adds to the state replaces it.
    const isState = message !== "" && (state !== "running" || reconnecting === true);
    this.#status.setState(isState ? message : standing.words);
    if (detail === null) this.#status.setDetail(isState ? "" : message);
  }

  /** Shown until the run has ended, whatever other messages arrive: a host may take its time. */
  #showStopping(): void {
    this.#stopping = true;
    this.#silence.stop();
    this.#head.show(stoppingStanding());
    this.#status.setState(label("stopping"));
    this.#status.setDetail("");
  }

  #end(ending: Ending, durationMs: number): void {
    const standing = standingAtEnd(ending);
    this.#live = false;
    this.#silence.stop();
    if (this.#input.close(ending.outcome === "exited")) this.#screen.focus();
    this.#head.show(standing);
    this.#status.setState("");
    this.#status.setEnding(standing, ending.outcome === "unknown" ? label("endingUnknownHint") : "");
    this.#status.stopClock(durationMs);
    this.#toolbar.setLive(false);
    this.#screen.setAlive(false);
  }

  #showProblem(problem: ProblemDetails, mending: readonly string[] = []): void {
    this.#removeProblem();
    this.#problem = createProblemView(problem, mending, (action) => {
      if (typeof action === "object") this.#bridge.post({ type: "mend", action: action.mend });
      else this.#bridge.post({ type: action });
    });
    this.#body.append(this.#problem);
    this.#body.classList.toggle("problem-only", this.#bytes === 0);
  }

  #removeProblem(): void {
    this.#problem?.remove();
    this.#problem = undefined;
    this.#reveal();
  }

  /** Shows the output besides whatever else is shown. */
  #reveal(): void {
    this.#body.classList.remove("problem-only");
  }

  #use(tool: PanelTool): void {
    const actions: Record<PanelTool, () => void> = {
      stop: () => this.#stop(),
      runAgain: () => this.#bridge.post({ type: "runAgain" }),
      runInTerminal: () => this.#runWithInput(true),
      find: () => this.#find.open(),
      copyOutput: () => this.#bridge.post({ type: "copyOutput" }),
      copySelection: () => void this.#copySelection(),
      selectAll: () => this.#screen.selectAll(),
      saveOutput: () => this.#bridge.post({ type: "save" }),
      openOutput: () => this.#bridge.post({ type: "openOutput" }),
      clear: () => this.#clear(),
      debugLog: () => this.#toggleLog(),
      note: () => this.#bridge.post({ type: "editNote" }),
    };
    actions[tool]();
  }

  #runWithInput(pty: boolean): void {
    this.#bridge.post({ type: "runWithInput", pty, ...this.#screen.size });
  }

  #tellSize(): void {
    if (this.#live) this.#bridge.post({ type: "size", ...this.#screen.size });
  }

  #stop(): boolean {
    if (!this.#live) return false;
    this.#bridge.post({ type: "stop" });
    this.#showStopping();
    return true;
  }

  #clear(): void {
    this.#screen.clear();
    this.#status.notice(label("cleared"));
  }

  #toggleLog(): void {
    this.#log.toggle();
    this.#toolbar.setPressed(this.#log.shown);
  }

  #copySelection(): boolean {
    const text = this.#screen.selection;
    if (text === "") return false;
    this.#bridge.post({ type: "copied", text: text.slice(0, maxCopied) });
    this.#status.notice(label("copiedSelection"));
    return true;
  }
}
