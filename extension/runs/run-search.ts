import * as vscode from "vscode";
import { isKnownHost } from "../../client/known-host.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { ProblemReport } from "../problem-report.ts";
import { Problem } from "../../protocol/problem.ts";
import { parseRunSearch, type RunFilters } from "../../protocol/run-search.ts";
import type { RunList } from "./run-list.ts";

const pageSize = 50;
/** Many runs that change at once cause a single search. */
const settleMs = 300;

/** The runs that the Runs view shows: those of the list or, during a search, its results. */
export class RunSearch implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #list: RunList;
  readonly #report: ProblemReport;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  #text = "";
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

  /** The search in the syntax of `parseRunSearch`; empty: every run is shown. */
  get text(): string {
    return this.#text;
  }

  /** Newest first. */
  get runs(): readonly Run[] {
    return this.#text === "" ? this.#list.runs : this.#found;
  }

  /** Undefined until the daemon's first response. */
  get known(): readonly Run[] | undefined {
    return this.#list.known === undefined ? undefined : this.runs;
  }

  get hasMore(): boolean {
    return this.#text === "" ? this.#list.hasMore : this.#cursor !== null;
  }

  /** Reports failures. */
  async show(text: string): Promise<void> {
    this.#text = text.trim();
    await this.#search();
  }

  /** Rejects with a Problem. */
  async loadMore(): Promise<void> {
    const text = this.#text;
    if (text === "") return this.#list.loadMore();
    const page = await this.#page(this.#cursor);
    if (text !== this.#text) return;
    this.#take([...this.#found, ...page.items], page.nextCursor);
  }

  /** The host in the search, if no host has this name and no run on it is stored. Rejects with a Problem. */
  async unknownHost(): Promise<string | undefined> {
    const { host } = this.#text === "" ? {} : this.filters();
    if (host === undefined || this.#found.length > 0) return undefined;
    return (await isKnownHost(this.#daemon, host)) ? undefined : host;
  }

  /** The search as filters for the daemon; times such as yesterday are relative to now. Throws a Problem. */
  filters(): RunFilters {
    const read = parseRunSearch(this.#text);
    if (read.problem !== undefined) throw new Problem("invalid_request", read.problem);
    return read.filters;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(this.#subscription, this.#changed).dispose();
  }

  #listChanged(): void {
    this.#changed.fire();
    if (this.#text === "") return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#search(), settleMs);
  }

  async #search(): Promise<void> {
    const text = this.#text;
    if (text === "") {
      this.#changed.fire();
      return;
    }
    await this.#report.attempt(vscode.l10n.t("The runs could not be searched"), async () => {
      const page = await this.#page(null);
      // The search may have changed in the meantime.
      if (text === this.#text) this.#take(page.items, page.nextCursor);
    });
  }

  #take(found: readonly Run[], cursor: string | null): void {
    this.#found = found;
    this.#cursor = cursor;
    this.#changed.fire();
  }

  #page(cursor: string | null): Promise<{ items: Run[]; nextCursor: string | null }> {
    const query = { ...this.filters(), limit: String(pageSize), ...(cursor !== null && { cursor }) };
    return this.#daemon.call("listRuns", { query });
  }
}
