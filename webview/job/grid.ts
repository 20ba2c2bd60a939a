import type { JobRow } from "../../protocol/job-panel.ts";
import { element, icon } from "../element.ts";
import { label } from "../labels.ts";
import type { SortKey, Sorting } from "./row-order.ts";
import { percentageOfRow, standingOfRow, timeLabel } from "./row-labels.ts";

/** The same as in job.css. */
const rowHeight = 24;
const spareRows = 6;

export interface GridEvents {
  open(row: JobRow): void;
  cancel(row: JobRow): void;
  copy(rows: readonly JobRow[]): void;
  /** The visible rows have changed. */
  scrolled(): void;
  sort(key: SortKey): void;
}

interface Columns {
  readonly key: SortKey | undefined;
  readonly name: string;
  readonly label: string;
}

/**
 * Rows of hosts, of which only the visible ones are in the DOM: each has the same height. The arrow keys move the
 * active row; row numbers tell a screen reader about all of them.
 */
export class Grid {
  readonly element: HTMLElement;
  readonly #events: GridEvents;
  readonly #head = element("div", { class: "grid-head", role: "row", "aria-rowindex": "1" });
  readonly #body = element("div", { class: "grid-body", role: "rowgroup" });
  readonly #grid = element("div", { class: "grid", role: "grid", tabindex: "0" });
  readonly #empty = element("p", { class: "grid-empty", hidden: "" });
  readonly #drawn = new Map<string, { row: JobRow; line: string; at: number; element: HTMLElement }>();
  #rows: readonly JobRow[] = [];
  #lines: ReadonlyMap<string, string> = new Map();
  #active: string | undefined;
  #all = false;

  constructor(events: GridEvents) {
    this.#events = events;
    this.#grid.setAttribute("aria-label", label("hostList"));
    this.#grid.append(this.#head, this.#body);
    this.element = element("div", { class: "grid-box" }, this.#grid, this.#empty);
    const moved = (): void => {
      this.#draw();
      events.scrolled();
    };
    this.#grid.addEventListener("scroll", moved);
    new ResizeObserver(moved).observe(this.#grid);
    this.#grid.addEventListener("keydown", (event) => this.#key(event));
    this.#body.addEventListener("click", (event) => this.#click(event, false));
    this.#body.addEventListener("dblclick", (event) => this.#click(event, true));
  }

  get shown(): readonly JobRow[] {
    const from = Math.floor(this.#grid.scrollTop / rowHeight);
    return this.#rows.slice(from, from + Math.ceil(this.#room / rowHeight) + 1);
  }

  focus(): void {
    this.#grid.focus({ preventScroll: true });
  }

  /** The height below the headings, which do not scroll. */
  get #room(): number {
    return this.#grid.clientHeight - rowHeight;
  }

  /** `rows` in the order in which they are shown; `lines`: the last line of each host. */
  show(rows: readonly JobRow[], lines: ReadonlyMap<string, string>): void {
    this.#rows = rows;
    this.#lines = lines;
    this.#grid.setAttribute("aria-rowcount", String(rows.length + 1));
    this.#body.style.height = `${rows.length * rowHeight}px`;
    this.#empty.hidden = rows.length > 0;
    this.#empty.textContent = label("noneFits");
    this.#draw();
  }

  showHead({ key, descending }: Sorting): void {
    const cells = columns().map((column) => {
      const cell = element("div", { class: `cell ${column.name}`, role: "columnheader" });
      const sorted = column.key === key ? (descending ? "descending" : "ascending") : "none";
      if (column.key === undefined) cell.append(column.label);
      else {
        cell.setAttribute("aria-sort", sorted);
        const button = element("button", { class: "sort", type: "button", tabindex: "-1" }, column.label);
        if (sorted !== "none") button.append(icon(descending ? "chevron-down" : "chevron-up"));
        const by = column.key;
        button.addEventListener("click", () => this.#events.sort(by));
        cell.append(button);
      }
      return cell;
    });
    this.#head.replaceChildren(...cells);
  }

  /** Redraws only what has changed. */
  #draw(): void {
    const from = Math.max(0, Math.floor(this.#grid.scrollTop / rowHeight) - spareRows);
    const count = Math.ceil(this.#room / rowHeight) + 2 * spareRows;
    const wanted = this.#rows.slice(from, from + count);
    const names = new Set(wanted.map(({ host }) => host));
    for (const [host, { element: old }] of this.#drawn) {
      if (names.has(host)) continue;
      old.remove();
      this.#drawn.delete(host);
    }
    wanted.forEach((row, index) => this.#drawRow(row, from + index));
    this.#mark();
  }

  #drawRow(row: JobRow, at: number): void {
    const line = row.problem ?? this.#lines.get(row.host) ?? "";
    const known = this.#drawn.get(row.host);
    const isSame = known?.row === row && known.line === line;
    if (isSame && known.at === at) return;
    const made = known?.element ?? element("div", { class: "row", role: "row" });
    if (!isSame) made.replaceChildren(...this.#cells(row, line));
    made.id = `row-${at}`;
    made.dataset["host"] = row.host;
    made.style.transform = `translateY(${at * rowHeight}px)`;
    made.setAttribute("aria-rowindex", String(at + 2));
    if (known === undefined) this.#body.append(made);
    this.#drawn.set(row.host, { row, line, at, element: made });
  }

  #cells(row: JobRow, line: string): HTMLElement[] {
    const { tone, icon: shape, words } = standingOfRow(row);
    const state = element("div", { class: `cell state tone-${tone}`, role: "gridcell", title: words });
    state.append(icon(shape), element("span", { class: "state-words" }, words));
    const percentage = percentageOfRow(row, line);
    if (percentage !== undefined) {
      state.append(element("span", { class: "percentage" }, `${percentage}%`));
      state.style.setProperty("--share", String(percentage / 100));
    }
    const host = element("div", { class: "cell host", role: "gridcell", title: row.host }, row.host);
    if (row.production) {
      const hint = label("productionHint");
      host.append(element("span", { class: "production", title: hint }, label("production")));
    }
    const exit = row.exitCode === null ? "" : String(row.exitCode);
    const isBad = row.problem !== null || tone === "bad";
    const last = element("div", {
      class: `cell line${isBad ? " tone-bad" : ""}${row.problem === null ? " mono" : ""}`,
      role: "gridcell",
      title: line,
    });
    last.append(line);
    return [
      state,
      host,
      element("div", { class: "cell exit", role: "gridcell" }, exit),
      element("div", { class: "cell time", role: "gridcell" }, timeLabel(row.elapsedMs)),
      last,
    ];
  }

  #mark(): void {
    const at = this.#rows.findIndex(({ host }) => host === this.#active);
    const drawn = this.#drawn.get(this.#active ?? "");
    for (const [host, { element: row }] of this.#drawn) {
      row.setAttribute("aria-selected", String(this.#all || (at !== -1 && host === this.#active)));
    }
    if (drawn === undefined) this.#grid.removeAttribute("aria-activedescendant");
    else this.#grid.setAttribute("aria-activedescendant", drawn.element.id);
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.#grid) return;
    const at = this.#rows.findIndex(({ host }) => host === this.#active);
    const page = Math.max(1, Math.floor(this.#room / rowHeight) - 1);
    const targets: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: this.#rows.length - 1,
    };
    const target = targets[event.key];
    if (target !== undefined) this.#activate(Math.min(Math.max(0, target), this.#rows.length - 1));
    else if (!this.#act(event, this.#rows[at])) return;
    event.preventDefault();
  }

  #act(event: KeyboardEvent, row: JobRow | undefined): boolean {
    const isControl = event.ctrlKey || event.metaKey;
    const own = row === undefined ? [] : [row];
    const actions: Record<string, () => void> = {
      "Control a": () => {
        this.#all = true;
      },
      "Control c": () => this.#events.copy(this.#all ? this.#rows : own),
      Escape: () => {
        this.#all = false;
        this.#active = undefined;
      },
      Enter: () => own.forEach((each) => this.#events.open(each)),
      Delete: () => own.forEach((each) => this.#events.cancel(each)),
    };
    const act = actions[isControl ? `Control ${event.key}` : event.key];
    act?.();
    this.#mark();
    return act !== undefined;
  }

  #activate(at: number): void {
    const row = this.#rows[at];
    if (row === undefined) return;
    this.#active = row.host;
    this.#all = false;
    const { scrollTop } = this.#grid;
    if (at * rowHeight < scrollTop) this.#grid.scrollTop = at * rowHeight;
    else if ((at + 1) * rowHeight > scrollTop + this.#room)
      this.#grid.scrollTop = (at + 1) * rowHeight - this.#room;
    this.#draw();
  }

  #click(event: MouseEvent, isDouble: boolean): void {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>(".row") : null;
    const at = this.#rows.findIndex(({ host }) => host === target?.dataset["host"]);
    const row = this.#rows[at];
    if (row === undefined) return;
    if (isDouble) this.#events.open(row);
    else this.#activate(at);
  }
}

function columns(): Columns[] {
  return [
    { key: "failures", name: "state", label: label("stateColumn") },
    { key: "host", name: "host", label: label("hostColumn") },
    { key: "exit", name: "exit", label: label("exitColumn") },
    { key: "time", name: "time", label: label("timeColumn") },
    { key: undefined, name: "line", label: label("lastLineColumn") },
  ];
}
