import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import type { JobRow, PanelGroup } from "../../protocol/job-panel.ts";
import { violationsIn } from "../support/axe.ts";
import { noCounts } from "../../daemon/jobs/job-counts.ts";
import { jobMessage, type JobPage, jobRow, openJobPage } from "../support/job-page.ts";
import { type BundledPages, openBundledPages } from "../support/webview-page.ts";

const screenshots = join(import.meta.dirname, "../../artifacts/screenshots");
let pages: BundledPages;

beforeAll(async () => {
  await mkdir(screenshots, { recursive: true });
  pages = await openBundledPages();
});
afterAll(() => pages[Symbol.asyncDispose]());

const running = { state: "running", outcome: null, exitCode: null } as const;

/** Fifty hosts as a person has them: most ended well. */
function fifty(): JobRow[] {
  return Array.from({ length: 50 }, (_, index) => {
    const host = `web${index + 1}`;
    if (index === 6) return jobRow(host, { exitCode: 3, elapsedMs: 41 });
    if (index === 30) {
      const problem = "web31 cannot be reached: no route to 10.0.3.31";
      return jobRow(host, { outcome: "failed", exitCode: null, elapsedMs: 20_000, problem });
    }
    if (index === 21) return jobRow(host, { ...running, elapsedMs: 6100 });
    return jobRow(host, { production: index < 2 });
  });
}

const groups: PanelGroup[] = [
  { hosts: "web[1-6,8-21,23-30,32-47]", count: 44, preview: "nginx version: nginx/1.26.2\nactive" },
  { hosts: "web[48-50]", count: 3, preview: "nginx version: nginx/1.24.0\nactive" },
  { hosts: "web7", count: 1, preview: "nginx version: nginx/1.26.2\ninactive", exitCode: 3 },
].map(({ exitCode = 0, ...group }, index) => ({
  ...group,
  exitCode,
  outcome: "exited",
  sha256: null,
  runId: `run-of-${index}`,
  isCut: false,
}));

async function showFifty(view: JobPage): Promise<void> {
  await view.send(
    jobMessage(fifty(), { counts: { ...noCounts, exited0: 47, exitedOther: 1, failed: 1, running: 1 } }),
  );
  const own = { web7: "inactive", web22: "(2/3): nginx.rpm  62% [===  ] 1.4 MB/s" };
  const lines = fifty().map(({ host }) => ({
    host,
    text: new Map(Object.entries(own)).get(host) ?? "active",
  }));
  await view.send({ type: "lastLines", lines });
  await view.send({ type: "groups", groups });
  await view.page.getByText("web[48-50]").waitFor();
}

const hostsShown = (view: JobPage): Promise<string[]> =>
  view.page.evaluate(`[...document.querySelectorAll(".row")]
    .sort((a, b) => a.getAttribute("aria-rowindex") - b.getAttribute("aria-rowindex"))
    .map((row) => row.dataset.host)`);

test.each(["dark", "light", "hc", "hcLight"] as const)(
  "failures come first, and all is readable: %s",
  async (theme) => {
    await using view = await openJobPage(pages, { theme });
    await showFifty(view);
    expect((await hostsShown(view)).slice(0, 4)).toEqual(["web7", "web31", "web22", "web1"]);
    expect(await view.page.locator(".counts").innerText()).toBe("47 exit 0\n1 exit 3\n1 failed\n1 running");
    await view.page.keyboard.press("ArrowDown");
    await view.page.screenshot({ path: join(screenshots, `job-${theme}.png`) });
    expect(await violationsIn(view.page)).toEqual([]);
    expect(view.complaints).toEqual([]);
  },
);

test("a host says how far it is while it runs, by what it has printed last", async () => {
  await using view = await openJobPage(pages);
  await showFifty(view);
  const percentages = view.page.locator(".percentage");
  await expect.poll(() => percentages.allInnerTexts()).toEqual(["62%"]);
  await view.send({ type: "lastLines", lines: [{ host: "web22", text: "(3/3): pcre.rpm  4% [   ]" }] });
  await expect.poll(() => percentages.allInnerTexts()).toEqual(["4%"]);
  const standing = { state: "running", outcome: null, counts: noCounts, elapsedMs: 1 } as const;
  await view.send({ type: "rows", rows: [jobRow("web22")], standing });
  await expect.poll(() => percentages.count()).toBe(0);
  expect(view.complaints).toEqual([]);
});

test("hosts that never began are a group with nothing to open, and nothing is compared with what did not run", async () => {
  await using view = await openJobPage(pages);
  const ran = { sha256: null, preview: "", isCut: false };
  await view.send(
    jobMessage([jobRow("web1")], { counts: { ...noCounts, exited0: 3, failed: 5, skipped: 4 } }),
  );
  await view.send({
    type: "groups",
    groups: [
      { ...ran, hosts: "db[1-5]", count: 5, outcome: "failed", exitCode: null, runId: "f" },
      { ...ran, hosts: "web[1-2]", count: 2, outcome: "exited", exitCode: 0, runId: "a", preview: "one" },
      { ...ran, hosts: "web3", count: 1, outcome: "exited", exitCode: 0, runId: "b", preview: "two" },
      { ...ran, hosts: "web[4-7]", count: 4, outcome: "skipped", exitCode: null, runId: null },
    ],
  });
  const shown = (hosts: string) => view.page.locator(".group", { hasText: hosts });
  await shown("web[4-7]").waitFor();
  expect(await shown("web[4-7]").innerText()).toContain("Not started");
  expect(await shown("web[4-7]").getByRole("button").count()).toBe(0);
  expect(await shown("db[1-5]").getByRole("button").allInnerTexts()).toEqual(["Open Output"]);
  expect(await shown("web[1-2]").getByRole("button").allInnerTexts()).toEqual(["Open Output"]);
  await shown("web3").getByRole("button", { name: "Compare with Largest" }).click();
  await expect.poll(() => view.posted).toContainEqual({ type: "compare", a: "a", b: "b" });
  await view.page.screenshot({ path: join(screenshots, "job-not-begun.png") });
  expect(await violationsIn(view.page)).toEqual([]);
});

test("a narrow tab has the groups below the hosts", async () => {
  await using view = await openJobPage(pages, { width: 420, height: 620 });
  await showFifty(view);
  await view.page.screenshot({ path: join(screenshots, "job-narrow.png") });
  const overflow = await view.page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
  expect(overflow).toBeLessThanOrEqual(0);
});

test("everything is done by the keyboard", async () => {
  await using view = await openJobPage(pages);
  await showFifty(view);
  const { page, posted } = view;
  const selected = page.locator('.row[aria-selected="true"]');
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  expect(await selected.getAttribute("data-host")).toBe("web31");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Delete");
  await page.keyboard.press("Control+c");
  await page.keyboard.press("End");
  expect(await selected.getAttribute("data-host")).toBe("web50");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  await page.keyboard.press("Escape");
  expect(await selected.count()).toBe(0);
  await page.getByRole("button", { name: "Compare with Largest" }).first().press("Enter");
  // Not the last message: which rows can be seen is told at any time.
  await expect.poll(() => posted).toContainEqual({ type: "compare", a: "run-of-0", b: "run-of-1" });
  await page.getByRole("button", { name: "Compare with…" }).last().press("Enter");
  await expect.poll(() => posted).toContainEqual({ type: "compareOther", runId: "run-of-2" });
  expect(posted.filter(({ type }) => type === "open" || type === "cancel")).toEqual([
    { type: "open", runId: "run-web31" },
    { type: "cancel", runId: "run-web22" },
  ]);
  const copied = posted.flatMap((message) => (message.type === "copied" ? [message.text] : []));
  expect(copied[0]).toMatch(/^web22\tRunning\t\d+\.\d s\t\(2\/3\): nginx\.rpm/);
  expect(copied[1]?.split("\n")).toHaveLength(50);
  await page.getByRole("searchbox").fill("exit 3");
  await expect.poll(() => hostsShown(view), { timeout: 10_000 }).toEqual(["web7"]);
  await page.getByRole("searchbox").fill("");
  await page.getByRole("button", { name: "Host" }).click();
  await expect.poll(async () => (await hostsShown(view)).slice(0, 3)).toEqual(["web1", "web2", "web3"]);
});

/** Ten updates a second of each row while it scrolls; the milliseconds between frames, in order. */
async function framesOf(view: JobPage, hosts: number, seconds: number): Promise<number[]> {
  const found: unknown = await view.page.evaluate(`new Promise((resolve) => {
    const frames = [];
    let last = performance.now();
    const end = last + ${seconds * 1000};
    const standing = ${JSON.stringify({ state: "running", outcome: null, counts: noCounts, elapsedMs: 1 })};
    const names = Array.from({ length: ${hosts} }, (_, index) => "web" + (index + 1));
    let tick = 0;
    const timer = setInterval(() => {
      tick += 1;
      const rows = names.map((host) => ({ host, production: false, runId: host, state: "running", outcome: null,
        exitCode: null, signal: null, elapsedMs: tick * 100, problem: null }));
      postMessage({ type: "rows", rows, standing }, "*");
      postMessage({ type: "lastLines", lines: names.slice(0, 40).map((host) => ({ host, text: "line " + tick })) }, "*");
    }, 100);
    const scroller = document.querySelector(".grid");
    const frame = (now) => {
      frames.push(now - last);
      last = now;
      scroller.scrollTop = (scroller.scrollTop + 30) % (scroller.scrollHeight - 100);
      if (now < end) requestAnimationFrame(frame);
      else { clearInterval(timer); resolve(frames.slice(1).sort((a, b) => a - b)); }
    };
    requestAnimationFrame(frame);
  })`);
  return z.array(z.number()).parse(found);
}

// Figures are for the log: what the machine does beside it is not for a test to judge. What is drawn is.
test.each([500, 4000])("of %i hosts with live output only what can be seen is in the page", async (hosts) => {
  await using view = await openJobPage(pages);
  const rows = Array.from({ length: hosts }, (_, index) => jobRow(`web${index + 1}`, running));
  await view.send(jobMessage(rows));
  await view.page.locator(".row").first().waitFor();
  const frames = await framesOf(view, hosts, 3);
  const at = (share: number): string => (frames[Math.floor(frames.length * share)] ?? 0).toFixed(0);
  console.log(
    `${hosts} hosts: ${frames.length} frames in 3 s, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(0.999)} ms`,
  );
  expect(await view.page.locator(".row").count()).toBeLessThan(40);
  expect(await view.page.getByRole("grid").getAttribute("aria-rowcount")).toBe(String(hosts + 1));
  expect(await view.page.evaluate<number>("document.querySelectorAll('*').length")).toBeLessThan(500);
  expect(view.complaints).toEqual([]);
});
