import { afterAll, beforeAll, expect, test } from "vitest";
import { complete, show, stdout } from "../support/panel-messages.ts";
import { openWebviewHost, type WebviewHost } from "../support/webview-page.ts";

let host: WebviewHost;

beforeAll(async () => {
  host = await openWebviewHost();
});
afterAll(() => host[Symbol.asyncDispose]());

test("is made out of sight before there is a run, and takes the look of the run that comes", async () => {
  await using view = await host.open();
  const { look, words } = show();
  await view.send({ type: "prepare", look: { ...look, fontSize: 10 }, words });
  const rows = view.page.locator(".xterm-rows");
  await rows.waitFor({ state: "attached" });
  expect(await rows.isVisible()).toBe(false);
  expect(await view.spoken()).toEqual([]);
  await view.send(show(), stdout("made before\r\n"));
  await view.shows("made before");
  expect(await rows.count()).toBe(1);
  const size = 'getComputedStyle(document.querySelector(".xterm-rows")).fontSize';
  expect(await view.page.evaluate<string>(size)).toBe("12.5px");
  expect(view.complaints).toEqual([]);
});

test("is made anew for the run that is asked for again, and begins without a word of the one before", async () => {
  await using view = await host.open();
  await view.send(show());
  await view.send(stdout("of the first"), complete());
  await view.shows("of the first");
  await view.page.getByRole("button", { name: "Run Again" }).click();
  await view.page.locator(".prepared .xterm-rows").waitFor({ state: "attached" });
  await view.shows("of the first");
  await view.send(show(), stdout("of the second"));
  await view.shows("of the second");
  expect(await view.page.locator(".xterm-rows").count()).toBe(1);
  expect(await view.page.locator(".xterm-rows").innerText()).not.toContain("first");
});
