import type { Page } from "playwright-core";
import { FromJobPanel, type JobRow, type JobStanding, type ToJobPanel } from "../../protocol/job-panel.ts";
import { noCounts } from "../../daemon/jobs/job-counts.ts";
import type { ThemeName } from "./vscode-themes.ts";
import type { BundledPages } from "./webview-page.ts";

/** The webview of a job in a page, with the extension's end of it in the test's hands. */
export interface JobPage extends AsyncDisposable {
  readonly page: Page;
  readonly posted: readonly FromJobPanel[];
  /** Errors of the page, and what its CSP refused; a test expects none. */
  readonly complaints: readonly string[];
  send(message: ToJobPanel): Promise<void>;
}

export async function openJobPage(
  pages: BundledPages,
  { theme = "dark", width = 1180, height = 520 }: { theme?: ThemeName; width?: number; height?: number } = {},
): Promise<JobPage> {
  const context = await pages.browser.newContext({ viewport: { width, height } });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const posted: FromJobPanel[] = [];
  const complaints: string[] = [];
  await page.exposeFunction("posted", (message: unknown) => posted.push(FromJobPanel.parse(message)));
  await page.exposeFunction("kept", () => undefined);
  await page.exposeFunction("complained", (text: string) => complaints.push(text));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(pages.url(theme, "job"));
  return {
    page,
    posted,
    complaints,
    send: (message) => page.evaluate<void>(`window.postMessage(${JSON.stringify(message)}, "*")`),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** A host that ended with exit status 0, unless told otherwise. */
export function jobRow(host: string, more: Partial<JobRow> = {}): JobRow {
  return {
    host,
    production: false,
    runId: `run-${host}`,
    state: "ended",
    outcome: "exited",
    exitCode: 0,
    signal: null,
    elapsedMs: 9,
    problem: null,
    ...more,
  };
}

export function jobMessage(rows: JobRow[], standing: Partial<JobStanding> = {}): ToJobPanel {
  return {
    type: "job",
    jobId: "01936d6e-1111-7abc-8def-0123456789ab",
    command: "nginx -v 2>&1; systemctl is-active nginx",
    targets: "tag:web",
    rows,
    standing: { state: "running", outcome: null, counts: noCounts, elapsedMs: 6000, ...standing },
    concurrency: 64,
    words: {},
  };
}
