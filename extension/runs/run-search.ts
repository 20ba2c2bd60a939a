import * as vscode from "vscode";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { ProblemReport } from "../problem-report.ts";
import { fits, type RunFilter } from "./run-filter.ts";
import type { RunList } from "./run-list.ts";

const pageSize = 50;
/** So many pages are looked through for one page of runs that fit. */
const maxPages = 20;
/** Many runs that change at once cost one look. */
const settleMs = 300;

/** The runs that the Runs view shows: those of the list, or while there is a filter those that fit it. */
export class RunSearch implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #list: RunList;
  readonly #report: ProblemReport;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  #filter: RunFilter | undefined;
  #found: readonly Run[] = [];
  #cursor: string | null = null;
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.#changed.event;

  constructor(daemon: Daemon, list: RunList, report: ProblemReport) {
    this.#daemon = daemon;
    this.#list = list;
    this.#report = report;
    this.#subscription = list.onDidChange(() => this.#listChanged());
  }

  get filter(): RunFilter | undefined {
    return this.#filter;
  }

  /** Newest first. */
  get runs(): readonly Run[] {
    return this.#filter === undefined ? this.#list.runs : this.#found;
  }

  /** undefined until the first answer of the daemon. */
  get known(): readonly Run[] | undefined {
    return this.#list.known === undefined ? undefined : this.runs;
  }

  get hasMore(): boolean {
    return this.#filter === undefined ? this.#list.hasMore : this.#cursor !== null;
  }

  /** Without any member, or undefined: every run. What goes wrong is told. */
  async show(filter: RunFilter | undefined): Promise<void> {
    const used = Object.values(filter ?? {}).some((value) => value !== undefined);
    this.#filter = used ? filter : undefined;
    await this.#search();
  }

  /** Rejects with a Problem. */
  async loadMore(): Promise<void> {
    const filter = this.#filter;
    if (filter === undefined) return this.#list.loadMore();
    const page = await this.#page(filter, this.#cursor);
    if (filter !== this.#filter) return;
    this.#take([...this.#found, ...page.found], page.cursor);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(this.#subscription, this.#changed).dispose();
  }

  #listChanged(): void {
    this.#changed.fire();
    if (this.#filter === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#search(), settleMs);
  }

  async #search(): Promise<void> {
    const filter = this.#filter;
    if (filter === undefined) {
      this.#changed.fire();
      return;
    }
    await this.#report.attempt(vscode.l10n.t("The runs could not be searched"), async () => {
      const page = await this.#page(filter, null);
      // Another search may have been asked for meanwhile.
      if (filter === this.#filter) this.#take(page.found, page.cursor);
    });
  }

  #take(found: readonly Run[], cursor: string | null): void {
    this.#found = found;
    this.#cursor = cursor;
    this.#changed.fire();
  }

  /** The next runs that fit: the daemon does not know what a person calls failed. */
  async #page(filter: RunFilter, from: string | null): Promise<{ found: Run[]; cursor: string | null }> {
    const found: Run[] = [];
    let cursor = from;
    for (let pages = 0; pages < maxPages; pages += 1) {
      const query = {
        limit: String(pageSize),
        ...(filter.text !== undefined && { q: filter.text }),
        ...(filter.host !== undefined && { host: filter.host }),
        ...(cursor !== null && { cursor }),
      };
      const page = await this.#daemon.call("listRuns", { query });
      found.push(...page.items.filter((run) => fits(run, filter.state)));
      cursor = page.nextCursor;
      if (cursor === null || found.length >= pageSize) break;
    }
    return { found, cursor };
  }
}
