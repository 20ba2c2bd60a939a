import type { Look, PanelTool, ToPanel } from "../protocol/panel.ts";
import type { ProblemDetails } from "../protocol/problem.ts";
import type { Bridge } from "./bridge.ts";
import { formatSpan } from "../protocol/span.ts";
import { DebugLog } from "./debug-log.ts";
import { standingAtEnd, standingOf, stoppingStanding } from "./ending.ts";
import type { Ending } from "./ending.ts";
import { FindBar } from "./find-bar.ts";
import { Input } from "./input.ts";
import { Head } from "./head.ts";
import { listenToKeys } from "./keys.ts";
import { createProblemView } from "./problem-view.ts";
import type { Screen } from "./screen.ts";
import { Settled } from "./settled.ts";
import { Silence } from "./silence.ts";
import type { PanelFrame } from "./panel-frame.ts";
import { StatusLine } from "./status-line.ts";
import { watchTheme } from "./theme.ts";
import { Toolbar } from "./toolbar.ts";
import { word } from "./labels.ts";

type Message<Type extends ToPanel["type"]> = Extract<ToPanel, { type: Type }>;

/** Longest text that one `copied` message may carry. */
const maxCopied = 64 * 1024 * 1024;

/** One run, from its `show` on. */
export class RunPanel {
  readonly #bridge: Bridge;
  readonly #element: HTMLElement;
  readonly #body: HTMLElement;
  readonly #head: Head;
  readonly #toolbar = new Toolbar((name) => this.#use(name));
  readonly #status: StatusLine;
  readonly #screen: Screen;
  readonly #find: FindBar;
  readonly #log = new DebugLog();
  readonly #silence = new Silence((ms) => this.#input.silent(ms));
  readonly #input: Input;
  readonly #ends: (() => void)[] = [];
  readonly #size = new Settled(() => this.#tellSize());
  #problem: HTMLElement | undefined;
  #live = true;
  #stopping = false;
  #bytes = 0;

  constructor(frame: PanelFrame, show: Message<"show">, bridge: Bridge) {
    const { run, host, look } = show;
    this.#bridge = bridge;
    this.#element = frame.element;
    this.#body = frame.body;
    this.#screen = frame.screen;
    this.#head = new Head(host, run, this.#toolbar.element);
    this.#status = new StatusLine(isCalm(look));
    this.#element.classList.toggle("reduced-motion", isCalm(look));
    this.#input = new Input(
      run,
      (message) => this.#bridge.post(message),
      (pty) => this.#runWithInput(pty),
    );
    this.#body.before(this.#head.element);
    this.#body.after(this.#input.element, this.#log.element, this.#status.element);
    this.#element.classList.remove("prepared");
    this.#screen.begin(look, run.options.pty === true);
    if (run.options.pty === true) {
      this.#screen.onSized = () => this.#size.changed();
      this.#size.changed();
    }
    this.#input.onTyped = (line) => {
      this.#silence.uncover();
      this.#screen.typed(line);
    };
    this.#find = new FindBar(this.#screen);
    this.#body.prepend(this.#find.element);
    this.#body.append(this.#silence.waiting);
    this.#status.addFigure(this.#silence.quiet);
    this.#begin(show);
    this.#listen();
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
        // Not what was being done last: that is over.
        this.#status.setDetail(message.detail ?? "");
        return this.#end(message, message.durationMs);
      case "log":
        return this.#log.add(message.at, message.message);
      case "tool":
        return this.#use(message.tool);
      case "notice":
        return this.#status.notice(message.text);
      case "look":
        this.#element.classList.toggle("reduced-motion", isCalm(message.look));
        return this.#screen.restyle(message.look);
    }
  }

  /** A message that nobody understood is told in the log. */
  note(message: string): void {
    this.#log.add(new Date().toISOString(), message);
  }

  dispose(): void {
    for (const end of this.#ends) end();
    this.#size.cancel();
    this.#silence.stop();
    this.#status.dispose();
    this.#reveal();
    const around = [this.#head, this.#find, this.#input, this.#log, this.#status].map((part) => part.element);
    for (const made of [...around, this.#silence.waiting, this.#problem]) made?.remove();
  }

  #begin({ run, elapsedMs }: Message<"show">): void {
    if (run.cached) this.#status.setDetail(word("cached", formatSpan(run.timings.resultAgeMs ?? null)));
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
    const theme = watchTheme(() => this.#screen.restyle());
    this.#ends.push(
      () => theme.dispose(),
      takeFocus(this.#screen),
      listenToKeys(this.#element, {
        find: () => this.#find.open(),
        copySelection: () => this.#copySelection(),
        selectAll: () => this.#screen.selectAll(),
        stop: () => this.#stop(),
      }),
    );
  }

  #output({ chunks, ageMs }: Message<"output">): void {
    this.#reveal();
    this.#silence.heard(ageMs ?? 0);
    this.#input.heard(chunks);
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
    // A run that ended is replayed from its beginning; how it ended stays.
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
    // Said once: where the message says more of what is being done, it is the state.
    const isState = message !== "" && (state !== "running" || reconnecting === true);
    this.#status.setState(isState ? message : standing.words);
    if (detail === null) this.#status.setDetail(isState ? "" : message);
  }

  /** Until it has ended, whatever else is told: a host may take its time. */
  #showStopping(): void {
    this.#stopping = true;
    this.#silence.stop();
    this.#head.show(stoppingStanding());
    this.#status.setState(word("stopping"));
    this.#status.setDetail("");
  }

  #end(ending: Ending, durationMs: number): void {
    const standing = standingAtEnd(ending);
    this.#live = false;
    this.#silence.stop();
    if (this.#input.close(ending.outcome === "exited")) this.#screen.focus();
    this.#head.show(standing);
    this.#status.setState("");
    this.#status.setEnding(standing, ending.outcome === "unknown" ? word("endingUnknownHint") : "");
    this.#status.stopClock(durationMs);
    this.#toolbar.setLive(false);
    this.#screen.setAlive(false);
  }

  #showProblem(problem: ProblemDetails, mending: readonly string[] = []): void {
    this.#problem?.remove();
    this.#problem = createProblemView(problem, mending, (action) => {
      if (typeof action === "object") this.#bridge.post({ type: "mend", action: action.mend });
      else this.#bridge.post({ type: action });
    });
    this.#body.append(this.#problem);
    this.#body.classList.toggle("problem-only", this.#bytes === 0);
  }

  /** There is output to look at, beside whatever else is shown. */
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
    this.#status.notice(word("cleared"));
  }

  #toggleLog(): void {
    this.#log.toggle();
    this.#toolbar.setPressed(this.#log.shown);
  }

  #copySelection(): boolean {
    const text = this.#screen.selection;
    if (text === "") return false;
    this.#bridge.post({ type: "copied", text: text.slice(0, maxCopied) });
    this.#status.notice(word("copiedSelection"));
    return true;
  }
}

/** By setting, or by the system's wish, of which VS Code tells by a class of the body. */
function isCalm(look: Look): boolean {
  return look.reducedMotion || document.body.classList.contains("vscode-reduce-motion");
}

/**
 * The output has the keyboard whenever VS Code gives it to this page, unless something else in here has it. Focus that
 * the page does not have is never taken: somebody may be typing elsewhere.
 */
function takeFocus(screen: Screen): () => void {
  const away = new AbortController();
  const take = (): void => {
    if (document.hasFocus() && document.activeElement === document.body) screen.focus();
  };
  window.addEventListener("focus", take, { signal: away.signal });
  take();
  return () => away.abort();
}
