import type { FromJobPanel, JobRow, JobStanding, ToJobPanel } from "../../protocol/job-panel.ts";
import { createCommandLine } from "../command-line.ts";
import { ElapsedTicker } from "../elapsed.ts";
import { element, icon, iconButton } from "../element.ts";
import { label } from "../labels.ts";
import { isPageItselfFocused } from "../page-focus.ts";
import { countElements } from "./counts.ts";
import { Grid } from "./grid.ts";
import { GroupList } from "./group-list.ts";
import { arrange, type SortKey, type Sorting } from "./row-order.ts";
import { standingOfRow, timeLabel } from "./row-labels.ts";
import { toGoLabel } from "./time-to-go.ts";

type Message<Type extends ToJobPanel["type"]> = Extract<ToJobPanel, { type: Type }>;

const clockMs = 1000;
const noticeMs = 5000;
const scrollMs = 100;

/** One job, from its `job` message on: a grid of hosts, and next to it each distinct output. */
export class JobView {
  readonly #post: (message: FromJobPanel) => void;
  readonly #rows: Map<string, JobRow>;
  readonly #lines = new Map<string, string>();
  readonly #grid: Grid;
  readonly #groups: GroupList;
  readonly #filter: HTMLInputElement;
  readonly #bar = element("div", { class: "progress", role: "progressbar", "aria-label": label("progress") });
  readonly #state = element("span", { class: "state-icon", role: "img" });
  readonly #counts = element("div", { class: "counts", role: "status" });
  readonly #time = element("span", { class: "time" });
  readonly #toGo = element("span", { class: "time" });
  readonly #concurrency: number | null;
  readonly #notice = element("span", { class: "notice", role: "status" });
  readonly #cancel: HTMLButtonElement;
  readonly #again: HTMLButtonElement[];
  readonly #ticker: ElapsedTicker;
  #standing: JobStanding;
  #sorting: Sorting = { key: "failures", descending: false };
  #frame: number | undefined;
  #visibleTimer: number | undefined;
  #noticeTimer: number | undefined;
  #shown: readonly JobRow[] = [];
  /** The page's time at which the elapsed times in the rows were current. */
  #rowsAt = performance.now();

  constructor(app: HTMLElement, job: Message<"job">, post: (message: FromJobPanel) => void) {
    this.#post = post;
    this.#rows = new Map(job.rows.map((row) => [row.host, row]));
    this.#standing = job.standing;
    this.#concurrency = job.concurrency;
    this.#grid = new Grid({
      open: (row) => this.#open(row.runId),
      cancel: ({ runId, state }) => {
        if (runId !== null && state !== "ended") post({ type: "cancel", runId });
      },
      copy: (rows) => this.#copy(rows),
      scrolled: () => this.#tellVisible(),
      sort: (key) => this.#sort(key),
    });
    this.#groups = new GroupList({
      open: (runId) => this.#open(runId),
      compare: (a, b) => post({ type: "compare", a, b }),
      compareOther: (runId) => post({ type: "compareOther", runId }),
    });
    const name = label("filterHosts");
    this.#filter = element("input", {
      class: "filter",
      type: "search",
      placeholder: name,
      "aria-label": name,
    });
    this.#filter.addEventListener("input", () => this.#later());
    this.#cancel = iconButton("debug-stop", label("cancelAll"), () => post({ type: "cancelAll" }));
    this.#cancel.classList.add("tool-stop");
    this.#again = [
      iconButton("debug-rerun", label("rerunFailed"), () => post({ type: "rerun", only: "failed" })),
      iconButton("run-errors", label("rerunUnfinished"), () => post({ type: "rerun", only: "unfinished" })),
      iconButton("refresh", label("rerunAll"), () => post({ type: "rerun", only: "all" })),
    ];
    this.#ticker = new ElapsedTicker((ms) => this.#tick(ms));
    app.replaceChildren(this.#layout(job));
    this.#grid.showHead(this.#sorting);
    this.#draw();
    this.#stand();
    window.addEventListener("focus", this.#takeFocus);
    this.#takeFocus();
  }

  receive(message: Exclude<ToJobPanel, { type: "job" }>): void {
    if (message.type === "rows") {
      for (const row of message.rows) this.#rows.set(row.host, row);
      this.#standing = message.standing;
      this.#rowsAt = performance.now();
      this.#stand();
      this.#later();
    } else if (message.type === "lastLines") {
      for (const { host, text } of message.lines) this.#lines.set(host, text);
      this.#later();
    } else if (message.type === "groups") this.#groups.show(message.groups);
    else this.#remark(message.text);
  }

  dispose(): void {
    this.#ticker.stop(0);
    window.clearTimeout(this.#noticeTimer);
    window.clearTimeout(this.#visibleTimer);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    window.removeEventListener("focus", this.#takeFocus);
  }

  /** Not from elsewhere: focusing an element of a page that is restored would take the keys from what is typed into. */
  readonly #takeFocus = (): void => {
    if (isPageItselfFocused()) this.#grid.focus();
  };

  #layout({ command, targets, rows }: Message<"job">): HTMLElement {
    const count = rows.length === 1 ? label("oneHost") : label("hostsCount", rows.length);
    const tools = element("div", { class: "tools", role: "toolbar", "aria-label": label("jobTools") });
    const save = iconButton("save", label("exportResults"), () => this.#post({ type: "export" }));
    tools.append(
      this.#cancel,
      ...this.#again,
      element("span", { class: "separator", "aria-hidden": "true" }),
      save,
    );
    const head = element("div", { class: "head" }, this.#state);
    head.append(element("h1", { class: "host", title: targets }, targets));
    head.append(element("span", { class: "badge" }, count), ...createCommandLine(command), tools);
    const left = element("div", { class: "left" }, this.#filter, this.#grid.element);
    const main = element("main", { class: "job-body" }, left, this.#groups.element);
    const foot = element("footer", { class: "foot" }, this.#counts, this.#time, this.#toGo);
    foot.append(element("span", { class: "filler" }), this.#notice);
    this.#bar.append(element("i"));
    return element("div", { class: "panel" }, element("header", {}, head, this.#bar), main, foot);
  }

  /** Draws only once for several messages within a frame. */
  #later(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#draw();
    });
  }

  #draw(): void {
    this.#shown = arrange(this.#rows.values(), {
      filter: this.#filter.value,
      sorting: this.#sorting,
      textOf: (row) =>
        `${row.host} ${standingOfRow(row).words} ${row.problem ?? this.#lines.get(row.host) ?? ""}`,
    });
    this.#grid.show(this.#shown, this.#lines);
    this.#counts.replaceChildren(...countElements(this.#rows.values()));
    this.#tellVisible();
  }

  #stand(): void {
    const { state, outcome, counts, elapsedMs } = this.#standing;
    const total = this.#rows.size;
    const open = state === "running" ? counts.queued + counts.connecting + counts.running : 0;
    const done = total - open;
    this.#bar.setAttribute("aria-valuenow", String(done));
    this.#bar.setAttribute("aria-valuemin", "0");
    this.#bar.setAttribute("aria-valuemax", String(total));
    this.#bar.style.setProperty("--done", `${total === 0 ? 100 : (100 * done) / total}%`);
    this.#cancel.hidden = state === "ended";
    for (const button of this.#again) button.hidden = state !== "ended";
    const look = {
      succeeded: ["good", "pass"],
      failed: ["bad", "error"],
      cancelled: ["warning", "circle-slash"],
    } as const;
    const [tone, shape] = outcome === null ? (["running", "circle-filled"] as const) : look[outcome];
    this.#state.className = `state-icon tone-${tone}`;
    this.#state.setAttribute("aria-label", label("endedOf", done, total));
    this.#state.title = label("endedOf", done, total);
    this.#state.replaceChildren(icon(shape));
    if (state === "ended") this.#ticker.stop(elapsedMs);
    else this.#ticker.start(elapsedMs, clockMs);
  }

  #tick(ms: number): void {
    this.#time.textContent = timeLabel(ms);
    this.#time.title = label("elapsed");
    const isOver = this.#standing.state === "ended";
    this.#toGo.textContent = isOver ? "" : toGoLabel(this.#rows.values(), this.#concurrency);
    if (isOver) return;
    const gone = performance.now() - this.#rowsAt;
    if (gone < clockMs) return;
    this.#rowsAt = performance.now();
    for (const [host, row] of this.#rows) {
      if (row.state === "ended" || row.elapsedMs === null) continue;
      this.#rows.set(host, { ...row, elapsedMs: row.elapsedMs + gone });
    }
    this.#later();
  }

  #sort(key: SortKey): void {
    const isSame = this.#sorting.key === key;
    this.#sorting = { key, descending: isSame && !this.#sorting.descending };
    this.#grid.showHead(this.#sorting);
    this.#draw();
  }

  #open(runId: string | null): void {
    if (runId !== null) this.#post({ type: "open", runId });
  }

  #copy(rows: readonly JobRow[]): void {
    if (rows.length === 0) return;
    const text = rows.map((row) => {
      const line = row.problem ?? this.#lines.get(row.host) ?? "";
      return [row.host, standingOfRow(row).words, timeLabel(row.elapsedMs), line].join("\t");
    });
    this.#post({ type: "copied", text: text.join("\n").slice(0, 4 * 1024 * 1024) });
    this.#remark(rows.length === 1 ? label("copiedOneRow") : label("copiedRows", rows.length));
  }

  /** Shows a temporary message, e.g. that something was copied. */
  #remark(text: string): void {
    window.clearTimeout(this.#noticeTimer);
    this.#notice.textContent = text;
    this.#noticeTimer = window.setTimeout(() => this.#notice.replaceChildren(), noticeMs);
  }

  #tellVisible(): void {
    this.#visibleTimer ??= window.setTimeout(() => {
      this.#visibleTimer = undefined;
      this.#post({ type: "visible", hosts: this.#grid.shown.map(({ host }) => host).slice(0, 500) });
    }, scrollMs);
  }
}
