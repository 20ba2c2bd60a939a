import { afterAll, beforeAll, expect, test } from "vitest";
import type { ToPanel } from "../../protocol/panel.ts";
import type { ProblemDetails } from "../../protocol/problem.ts";
import { complete, show, stderr, stdout } from "../support/panel-messages.ts";
import { openWebviewHost, type WebviewHost, type WebviewPage } from "../support/webview-page.ts";

let host: WebviewHost;

beforeAll(async () => {
  host = await openWebviewHost();
});
afterAll(() => host[Symbol.asyncDispose]());

test("is made out of sight before there is a run, and takes the look of the run that comes", async () => {
  await using view = await host.open();
  const { page } = view;
  const { look, words } = show();
  await view.send({ type: "prepare", look: { ...look, fontSize: 10 }, words });
  const rows = page.locator(".xterm-rows");
  await rows.waitFor({ state: "attached" });
  expect(await rows.isVisible()).toBe(false);
  expect(await view.spoken()).toEqual([]);
  await view.send(show(), stdout("made before\r\n"));
  await view.shows("made before");
  expect(await rows.count()).toBe(1);
  // The page was showing a run of its own out of sight, which is over with this.
  await page.evaluate(
    "new Promise((done) => { let left = 12; const next = () => (left-- > 0 ? requestAnimationFrame(next) : done()); next(); })",
  );
  expect((await rows.innerText()).trim()).toBe("made before");
  expect(await page.locator(".state").innerText()).toBe("Running");
  const size = 'getComputedStyle(document.querySelector(".xterm-rows")).fontSize';
  expect(await page.evaluate<string>(size)).toBe("12.5px");
  expect(view.complaints).toEqual([]);
});

test("has measured what most output is written with before there is a run, and shows nothing of that", async () => {
  await using view = await host.open();
  const { page } = view;
  const { look, words } = show();
  await view.send({ type: "prepare", look, words });
  const measured = page.locator(".xterm-width-cache-measure-container");
  await expect.poll(() => measured.textContent()).toMatch(/~$/);
  const rows = page.locator(".xterm-rows");
  // Whatever is measured from now on is put there.
  await page.evaluate(`(() => {
    window.measured = [];
    new MutationObserver(() => window.measured.push(document.querySelector(".xterm-width-cache-measure-container").textContent))
      .observe(document.querySelector(".xterm-width-cache-measure-container"), { childList: true, characterData: true, subtree: true });
  })()`);
  await view.send(show(), stdout("#!/bin/sh -e [ok] {1,2} ~ Total: 100%"));
  await view.shows("Total: 100%");
  expect((await rows.innerText()).trim()).toBe("#!/bin/sh -e [ok] {1,2} ~ Total: 100%");
  expect(await page.evaluate("window.measured")).toEqual([]);
  // Another one would be.
  await view.send(stdout(" \u03bb"));
  await view.shows("\u03bb");
  expect(await page.evaluate("window.measured.length")).toBeGreaterThan(0);
  expect(view.posted.map(({ type }) => type)).toEqual(["ready"]);
  expect(view.complaints).toEqual([]);
});

test("draws output with the first frame after its message, for the first run and for the next one", async () => {
  await using view = await host.open();
  await view.send(show());
  /** The rows as the frame after a message of these has them. */
  const rowsAfter = (...messages: readonly ToPanel[]): Promise<string> =>
    view.page.evaluate<string>(`new Promise((resolve) => {
      const look = () => resolve(document.querySelector(".xterm-rows").textContent.trim());
      addEventListener("message", () => requestAnimationFrame(look), { once: true });
      window.postMessage(${JSON.stringify(messages)}, "*");
    })`);
  expect(await rowsAfter(stdout("first"))).toBe("first");
  expect(await rowsAfter(stdout(" and more"))).toBe("first and more");
  expect(await rowsAfter(complete(), show(), stdout("second"))).toBe("second");
  const piece = "x".repeat(4000);
  expect(await rowsAfter(show(), stdout(`third ${piece}`))).toMatch(/x{9}$/);
  expect(view.complaints).toEqual([]);
});

test("keeps a selection while there is more output, and takes no text", async () => {
  await using view = await host.open();
  const { page } = view;
  await view.send(show(), stdout("selected\n"));
  await view.shows("selected");
  await view.send({ type: "tool", tool: "selectAll" }, stdout("later"));
  await view.shows("later");
  await view.send({ type: "tool", tool: "copySelection" });
  expect((await view.said("copied")).text).toBe("selected");
  expect(await page.locator(".xterm textarea").getAttribute("readonly")).toBe("");
});

test("serves the run that is asked for again, which begins without a trace of the one before", async () => {
  await using view = await host.open();
  const { page } = view;
  const first = show({ options: { pty: true } });
  first.look = { ...first.look, scrollback: 0 };
  await view.send(first);
  await page.evaluate("document.querySelector('.xterm').dataset.test = 'kept'");
  await view.send(stdout(`${"of the first\r\n".repeat(99)}\u001b[?1049h\u001b[3;5r`), stderr("\u001b]0;cut"));
  const problem: ProblemDetails = {
    type: "",
    title: "",
    status: 502,
    code: "protocol_error",
    detail: "of it",
    retryable: false,
  };
  await view.send(stdout("the first again"), { type: "problem", problem, actions: [] }, complete());
  await view.shows("the first again");
  await page.keyboard.press("Control+f");
  await page.locator(".find-input").fill("first");
  await page.locator(".match, .active-match").first().waitFor({ state: "attached" });
  const parts = ".panel > *, .body > *, .body .input-note, .body .problem";
  const fresh: WebviewPage = await host.open();
  await view.send(show(), stdout("of the second\nunder it"));
  await fresh.send(show(), stdout("of the second\nunder it"));
  for (const each of [view, fresh]) await each.shows("under it");
  const seen = async ({ page: shown }: WebviewPage) => ({
    rows: await shown.locator(".xterm-rows").innerText(),
    parts: await shown.evaluate(`[...document.querySelectorAll("${parts}")].map((part) => part.className)`),
    visible: await shown.evaluate(
      `[...document.querySelectorAll("${parts}")].map((part) => part.checkVisibility())`,
    ),
    marked: await shown.locator(".match, .active-match, .stderr-bar").count(),
    focused: await shown.evaluate("document.activeElement.ariaLabel"),
  });
  await expect.poll(() => seen(view)).toEqual(await seen(fresh));
  expect(await page.locator(".xterm[data-test=kept]").count()).toBe(1);
  await fresh[Symbol.asyncDispose]();
});

test("draws what the run before had written last, and then nothing of it", async () => {
  await using view = await host.open();
  const lines = Array.from({ length: 8 }, () => stdout("of the first\n".repeat(9000)));
  await view.send(show(), ...lines, complete(), show(), stdout("of the second"));
  await view.shows("of the second");
  expect((await view.page.locator(".xterm-rows").innerText()).trim()).toBe("of the second");
  await expect.poll(() => view.page.locator(".hidden-lines").isVisible()).toBe(false);
});

test("keeps a look that was sent later, also when the theme changes and for the next run", async () => {
  await using view = await host.open();
  const { look } = show();
  await view.send(show(), stdout("looked at"));
  await view.send({ type: "look", look: { ...look, fontSize: 20 } });
  const size = 'getComputedStyle(document.querySelector(".xterm-rows")).fontSize';
  await expect.poll(() => view.page.evaluate<string>(size)).toBe("20px");
  await view.useTheme("light");
  await view.page.evaluate("new Promise(requestAnimationFrame)");
  expect(await view.page.evaluate<string>(size)).toBe("20px");
  await view.send(show(), stdout("the next"));
  await expect.poll(() => view.page.evaluate<string>(size)).toBe("12.5px");
});

test("keeps a key that presses one of its buttons from VS Code, which looks for a shortcut in all others", async () => {
  await using view = await host.open();
  const { page } = view;
  await view.send(show());
  await page.evaluate(`(() => {
    window.heard = [];
    window.addEventListener("keydown", ({ key }) => window.heard.push(key));
  })()`);
  const again = page.getByRole("button", { name: "Run Again" });
  await again.press("Enter");
  await again.press("Space");
  await again.press("F1");
  expect(view.posted.filter(({ type }) => type === "runAgain")).toHaveLength(2);
  expect(await page.evaluate("window.heard")).toEqual(["F1"]);
});
