import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Problem } from "../../protocol/problem.ts";
import { complete, run, show, stderr, stdout } from "../support/panel-messages.ts";
import { openWebviewHost } from "../support/webview-page.ts";
import type { WebviewHost, WebviewPage } from "../support/webview-page.ts";

const ESC = "\u001b";
const screenshots = join(import.meta.dirname, "../../artifacts/screenshots");

let host: WebviewHost;

beforeAll(async () => {
  await mkdir(screenshots, { recursive: true });
  host = await openWebviewHost();
});

afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

const status = `17
${ESC}[32m●${ESC}[0m nginx.service - A high performance web server and a reverse proxy server
     Loaded: loaded (/lib/systemd/system/nginx.service; ${ESC}[32menabled${ESC}[0m)
     Active: ${ESC}[32mactive (running)${ESC}[0m since Sun 2026-11-22 18:02:11 UTC; 3h 41min ago
   Main PID: 812 (nginx)
      Tasks: 3 (limit: 4660)
     Memory: 11.2M
        CPU: 1.804s
`;
const warning = "Warning: some journal files were not opened due to insufficient permissions.\n";

async function opened(
  message = show(),
  options: Parameters<WebviewHost["open"]>[0] = {},
): Promise<WebviewPage> {
  const view = await host.open(options);
  await view.send(message);
  await view.page.locator(".xterm-rows").waitFor({ state: "attached" });
  return view;
}

const textOf = (view: WebviewPage, selector: string): Promise<string> =>
  view.page.locator(selector).innerText();

async function picture(view: WebviewPage, name: string): Promise<void> {
  await view.page.screenshot({ path: join(screenshots, `webview-${name}.png`) });
}

describe("what is seen of a run", () => {
  it("says ready, keeps the run's id and shows where and what", async () => {
    await using view = await opened();
    expect(view.posted).toEqual([{ type: "ready" }]);
    expect(view.kept).toEqual([{ runId: run.id }]);
    expect(await textOf(view, ".host")).toBe("web1");
    expect(await textOf(view, ".address")).toBe("deploy@10.0.0.5:2222");
    expect(await textOf(view, ".production")).toBe("production");
    expect(await view.page.getByLabel(`Command: ${run.command}`).innerText()).toBe(run.command);
    expect(await textOf(view, ".state")).toBe("Running");
    expect(view.complaints).toEqual([]);
  });

  it("shows names and commands as text, whatever they hold", async () => {
    const nasty = `<img src=x onerror="complained('ran')">`;
    const message = show({ command: nasty }, { host: { name: nasty, where: "a", production: false } });
    await using view = await opened(message);
    await view.send({ type: "log", at: "2026-11-22T21:43:00.000Z", message: nasty }, stdout(`${nasty}\n`));
    await view.send({ type: "problem", problem: new Problem("internal", nasty).toJSON() });
    expect(await textOf(view, ".command")).toBe(nasty);
    expect(await textOf(view, ".host")).toBe(nasty);
    expect(await textOf(view, ".problem-detail")).toBe(nasty);
    expect(await view.page.locator("img").count()).toBe(0);
    expect(view.complaints).toEqual([]);
  });

  it("counts time while the run goes on and stands still at its end", async () => {
    await using view = await opened();
    await view.page.locator(".time", { hasText: /^00:04\.[3-9]|^00:0[5-9]|^00:[1-5]|^0[1-9]/ }).waitFor();
    await view.send(complete({ durationMs: 65_432 }));
    await view.page.locator(".time", { hasText: /^01:05\.4$/ }).waitFor();
  });

  it.each([
    [complete(), "Exit 0", "tone-good"],
    [complete({ exitCode: 2 }), "Exit 2", "tone-bad"],
    [complete({ outcome: "signaled", exitCode: null, signal: "TERM" }), "Killed by SIGTERM", "tone-bad"],
    [complete({ outcome: "cancelled", exitCode: null }), "Cancelled", "tone-warning"],
    [complete({ outcome: "timedOut", exitCode: null }), "Timed out", "tone-bad"],
    [complete({ outcome: "failed", exitCode: null }), "Failed", "tone-bad"],
    [complete({ outcome: "unknown", exitCode: null }), "Unknown: connection lost", "tone-warning"],
  ])("tells the ending %#", async (ending, words, tone) => {
    await using view = await opened();
    await view.send(ending);
    await view.page.locator(`.ending.${tone}`, { hasText: words }).waitFor();
    expect(await view.page.locator(".state-icon").getAttribute("aria-label")).toBe(words);
    expect(await view.page.locator(".tool-stop").isVisible()).toBe(false);
  });

  it("keeps the ending while a run that ended is replayed", async () => {
    await using view = await opened(show({ state: "ended", outcome: "exited", exitCode: 3 }));
    await view.send({ type: "status", state: "running", message: "Started", detail: "warm connection" });
    await view.send(stdout("replayed\n"));
    await view.shows("replayed");
    expect(await textOf(view, ".state")).toBe("");
    expect(await textOf(view, ".ending")).toBe("Exit 3");
    expect(await textOf(view, ".detail")).toBe("warm connection");
    expect(await textOf(view, ".size")).toBe("9 B");
  });

  it("says that a run that keeps running is being reconnected, and that it goes on", async () => {
    await using view = await opened(show({ options: { durable: true } }));
    expect(await textOf(view, ".durable")).toBe("keeps running");
    const running = { type: "status", state: "running", detail: null } as const;
    await view.send({ ...running, message: "Reconnecting to web1", reconnecting: true });
    await view.page.locator(".state", { hasText: /^Reconnecting to web1$/ }).waitFor();
    expect(await view.page.locator(".state-icon.tone-warning").getAttribute("aria-label")).toBe(
      "Reconnecting",
    );
    expect(await textOf(view, ".detail")).toBe("");
    expect(await view.page.locator(".tool-stop").isVisible()).toBe(true);
    await view.send({ ...running, message: "Reconnected to web1" });
    await view.page.locator(".state", { hasText: /^Running$/ }).waitFor();
    expect(await textOf(view, ".detail")).toBe("Reconnected to web1");
  });

  it("begins anew with each show", async () => {
    await using view = await opened();
    await view.send(stdout("first\n"));
    await view.shows("first");
    await view.send(show({ command: "second command" }), stdout("second\n"));
    await view.shows("second");
    expect(await textOf(view, ".xterm-rows")).not.toContain("first");
    expect(await view.page.locator(".panel").count()).toBe(1);
  });

  it("uses the words that it is given, and English for the rest", async () => {
    await using view = await opened(show({}, { words: { running: "Läuft" } }));
    expect(await textOf(view, ".state")).toBe("Läuft");
    expect(await view.page.getByRole("button", { name: "Run Again" }).count()).toBe(1);
  });

  it("passes over a message that is none", async () => {
    await using view = await opened();
    await view.sendAnything({ type: "output", chunks: [{ stream: "stdin", data: "a" }] });
    await view.sendAnything("nonsense");
    await view.send(stdout("still here\n"));
    await view.shows("still here");
    await view.send({ type: "tool", tool: "debugLog" });
    await view.page.locator(".log li", { hasText: "not understood, at chunks.0.stream" }).waitFor();
    expect(view.complaints).toEqual([]);
  });
});

describe("the output", () => {
  it("tells stderr apart by colour and by a bar, and leaves both streams their own colours", async () => {
    await using view = await opened();
    await view.send(
      stdout(`${ESC}[32mgreen `),
      stderr("bad\n"),
      stdout("green again\n"),
      stdout(`${ESC}[0mplain\n`),
    );
    await view.shows("plain");
    const colour = (text: string): Promise<unknown> =>
      view.page.evaluate(`getComputedStyle([...document.querySelectorAll(".xterm-rows span")]
        .find((span) => span.textContent.includes(${JSON.stringify(text)}))).color`);
    expect(await colour("green again")).toBe("rgb(13, 188, 121)");
    expect(await colour("bad")).not.toBe(await colour("green again"));
    expect(await colour("bad")).not.toBe(await colour("plain"));
    const bar = view.page.locator(".stderr-bar");
    expect(await bar.count()).toBe(1);
    expect(await bar.getAttribute("title")).toBe("Written to stderr");
  });

  it("ends lines by LF alone, but obeys CR and LF apart in a pty", async () => {
    await using piped = await opened();
    await piped.send(stdout("one\ntwo\n"));
    await piped.shows("two");
    expect(await piped.page.locator(".xterm-rows > div").nth(1).innerText()).toMatch(/^two\s*$/);
    await using pty = await opened(show({ options: { pty: true } }));
    await pty.send(stdout("one\ntwo\r\nthree"));
    await pty.shows("three");
    expect(await pty.page.locator(".xterm-rows > div").nth(1).innerText()).toMatch(/^\s{3}two\s*$/);
  });

  it("acknowledges what was drawn, every 5,000 characters", async () => {
    await using view = await opened();
    await view.send(stdout("x".repeat(4999)));
    await view.shows("x".repeat(20));
    expect(view.posted).toEqual([{ type: "ready" }]);
    await view.send(stdout("y"));
    expect(await view.said("drawn")).toEqual({ type: "drawn", characters: 5000 });
    const base64 = Buffer.alloc(6000, 0xff).toString("base64");
    await view.send({ type: "output", chunks: [{ stream: "stdout", data: base64, encoding: "base64" }] });
    await view.send(stdout("end of it"));
    await view.shows("end of it");
    expect(view.posted.at(-1)).toEqual({ type: "drawn", characters: base64.length });
  });

  it("is not held up by hostile counts or endless strings", async () => {
    await using view = await opened();
    const hostile = ["b", "L", "M", "S", "T", "Z", "@", "P", "X", "I", " @", " A", "'}", "'~"];
    await view.send(stdout(hostile.map((final) => `a${ESC}[999999999${final}`).join("")));
    await view.send(stdout(`${ESC}[2J${ESC}[H${ESC}]0;${"x".repeat(20_000_000)}\u0007`));
    await view.send(stdout("still alive\n"));
    // Without the limits each of these counts takes tens of seconds, and all of them longer than is waited.
    await view.shows("still alive");
    expect(await view.page.title()).toBe("");
    expect(view.complaints).toEqual([]);
  });

  it("answers nothing and asks nothing, whatever the output asks for", async () => {
    await using view = await opened();
    await view.send(
      stdout(`${ESC}[c${ESC}[6n${ESC}[?6n${ESC}]52;c;aGk=\u0007${ESC}]11;?\u0007${ESC}P$qm${ESC}\\done`),
    );
    await view.shows("done");
    await view.page.locator(".screen").click();
    await view.page.keyboard.type("rm -rf /");
    expect(view.posted).toEqual([{ type: "ready" }]);
  });

  it("opens links by Ctrl+click, http and https only", async () => {
    await using view = await opened();
    const file = `${ESC}]8;;file:///etc/passwd${ESC}\\local${ESC}]8;;${ESC}\\`;
    const named = `${ESC}]8;;https://example.org/named${ESC}\\here${ESC}]8;;${ESC}\\`;
    await view.send(stdout(`${file}\n${named}\nhttps://example.org/plain\n`));
    await view.shows("plain");
    const row = (index: number) => view.page.locator(".xterm-rows > div").nth(index);
    const at = { position: { x: 12, y: 8 } };
    await row(0).click({ ...at, modifiers: ["Control"], force: true });
    await row(1).click({ ...at, force: true });
    await row(1).click({ ...at, modifiers: ["Control"], force: true });
    expect(await view.said("openLink")).toEqual({ type: "openLink", url: "https://example.org/named" });
    await row(2).click({ ...at, modifiers: ["Control"], force: true });
    await view.page.locator('.body[title="https://example.org/plain (Ctrl+click to open)"]').waitFor();
    const opens = view.posted.filter(({ type }) => type === "openLink");
    expect(opens).toEqual([
      { type: "openLink", url: "https://example.org/named" },
      { type: "openLink", url: "https://example.org/plain" },
    ]);
  });

  it("says what was not recorded", async () => {
    await using view = await opened();
    await view.send(stdout("before"), { type: "gap", stream: "stdout", bytes: 12_345 }, stdout("after\n"));
    await view.shows("after");
    const rows = await view.page.locator(".xterm-rows > div").allInnerTexts();
    expect(rows.slice(0, 3).map((row) => row.replaceAll("\u00a0", " ").trimEnd())).toEqual([
      "before",
      "… 12.1 KiB of stdout were not recorded …",
      "after",
    ]);
  });
});

describe("the tools", () => {
  it("stops by the button and by Ctrl+C, and only while there is something to stop", async () => {
    await using view = await opened();
    await view.page.getByRole("button", { name: "Stop (Ctrl+C)" }).click();
    await view.page.keyboard.press("Control+c");
    await view.page.locator(".state", { hasText: "Stopping…" }).waitFor();
    expect(view.posted.filter(({ type }) => type === "stop")).toHaveLength(2);
    await view.send(complete());
    await view.page.locator(".ending", { hasText: "Exit 0" }).waitFor();
    expect(await view.page.getByText("Stopping").count()).toBe(0);
    await view.page.keyboard.press("Control+c");
    await view.page.getByRole("button", { name: "Run Again" }).click();
    await view.said("runAgain");
    expect(view.posted.filter(({ type }) => type === "stop")).toHaveLength(2);
  });

  it("copies the selection by Ctrl+C without stopping", async () => {
    await using view = await opened();
    await view.send(stdout("first line\n"));
    await view.shows("first line");
    await view.page
      .locator(".xterm-rows > div")
      .first()
      .dblclick({ position: { x: 8, y: 8 }, force: true });
    await view.page.keyboard.press("Control+c");
    await view.page.locator(".notice", { hasText: "Copied the selection" }).waitFor();
    expect(view.posted.at(-1)).toEqual({ type: "copied", text: "first" });
    expect(view.posted.some(({ type }) => type === "stop")).toBe(false);
  });

  it("finds, counts, goes on and back, and closes by Escape", async () => {
    await using view = await opened();
    await view.send(stdout("needle one\nhay\nneedle two\nneedle three\n"));
    await view.shows("three");
    await view.page.keyboard.press("Control+f");
    const count = view.page.locator(".find-count");
    await view.page.keyboard.type("needle");
    await count.filter({ hasText: "1 of 3" }).waitFor();
    await view.page.keyboard.press("Enter");
    await count.filter({ hasText: "2 of 3" }).waitFor();
    await view.page.keyboard.press("Shift+Enter");
    await count.filter({ hasText: "1 of 3" }).waitFor();
    await picture(view, "find");
    await view.page.keyboard.type("x");
    await count.filter({ hasText: "No results" }).waitFor();
    await view.page.keyboard.press("Escape");
    await view.page.locator(".find").waitFor({ state: "hidden" });
    expect(view.complaints).toEqual([]);
  });

  it("saves and clears", async () => {
    await using view = await opened();
    await view.send(stdout(`${"line\n".repeat(200)}bottom\n`));
    await view.shows("bottom");
    await view.page.getByRole("button", { name: "Save Output…" }).click();
    await view.said("save");
    await view.page.getByRole("button", { name: "Clear", exact: true }).click();
    await view.page.locator(".notice", { hasText: "Cleared" }).waitFor();
    await view.send(stdout("afresh\n"));
    await view.shows("afresh");
    expect((await textOf(view, ".xterm-rows")).replaceAll(/\s/g, "")).toBe("afresh");
  });

  it("shows the debug log, with the button pressed in", async () => {
    await using view = await opened();
    await view.send({ type: "log", at: "2026-11-22T21:43:00.123Z", message: "Opened a channel" });
    const button = view.page.getByRole("button", { name: "Debug Log" });
    expect(await button.getAttribute("aria-pressed")).toBe("false");
    await button.click();
    expect(await button.getAttribute("aria-pressed")).toBe("true");
    const line = view.page.getByRole("region", { name: "Debug Log" }).locator("li");
    expect(await line.innerText()).toMatch(/\d\d:\d\d:\d\d\.123\s*Opened a channel/);
  });

  it("is reached by the keyboard alone", async () => {
    await using view = await opened();
    const names: unknown[] = [];
    // The output has the keyboard; what is above it comes when it goes back.
    for (let presses = 0; presses < 9; presses += 1) {
      await view.page.keyboard.press("Shift+Tab");
      names.unshift(await view.page.evaluate("document.activeElement.getAttribute('aria-label')"));
    }
    expect(names).toEqual([
      "Stop (Ctrl+C)",
      "Run Again",
      "Run in a Terminal",
      "Find (Ctrl+F)",
      "Copy Output",
      "Save Output…",
      "Clear",
      "Edit Note…",
      "Debug Log",
    ]);
    const outline = await view.page.evaluate("getComputedStyle(document.activeElement).outlineColor");
    expect(outline).toBe("rgb(0, 120, 212)");
  });

  it("folds into a menu where the panel is narrow", async () => {
    await using view = await opened(show(), { width: 300, height: 360 });
    expect(await view.page.locator(".address").isVisible()).toBe(false);
    expect(await view.page.getByRole("button", { name: "Find (Ctrl+F)" }).isVisible()).toBe(false);
    const overflow = await view.page.evaluate("document.documentElement.scrollWidth > innerWidth");
    expect(overflow).toBe(false);
    const more = view.page.getByRole("button", { name: "More Tools" });
    await more.press("Enter");
    await view.page.getByRole("menuitem", { name: "Run Again" }).waitFor();
    await view.page.keyboard.press("ArrowDown");
    await view.page.keyboard.press("ArrowUp");
    await picture(view, "narrow-menu");
    await view.page.keyboard.press("Enter");
    await view.said("runAgain");
    expect(await view.page.locator(".menu").count()).toBe(0);
  });
});

describe("a problem", () => {
  it("offers to trust an unknown key, with its fingerprint", async () => {
    await using view = await opened();
    const key = { keyType: "ssh-ed25519", fingerprint: "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDSWDmUu2Qzbqc2Q5E" };
    const detail = "web1 (10.0.0.5:22) offered a host key that is in no known_hosts file.";
    const strict = { ...key, reason: "strict" };
    await view.send({ type: "problem", problem: new Problem("host_key_unknown", detail, strict).toJSON() });
    const buttons = view.page.locator(".problem-actions button");
    await buttons.first().waitFor();
    expect(await buttons.allInnerTexts()).toEqual(["Show Log"]);
    await view.send({ type: "problem", problem: new Problem("host_key_unknown", detail, key).toJSON() });
    await view.send(complete({ outcome: "failed", exitCode: null }));
    expect(await textOf(view, ".keys dd")).toBe(`${key.keyType} ${key.fingerprint}`);
    expect(await view.page.locator(".screen").isVisible()).toBe(false);
    await picture(view, "host-key-unknown");
    await view.page.getByRole("button", { name: "Trust and Run" }).click();
    await view.said("trust");
  });

  it("never offers to trust a changed key, and says what stands where", async () => {
    await using view = await opened(show(), { theme: "light" });
    const detail = "Now it is ssh-ed25519, SHA256:new. On record is ssh-rsa, SHA256:old.";
    const remove = "ssh-keygen -R web1 -f /home/me/.ssh/known_hosts";
    const problem = new Problem("host_key_changed", detail, {
      hop: "me@web1:22",
      keyType: "ssh-ed25519",
      fingerprint: "SHA256:new",
      expected: [
        { keyType: "ssh-rsa", fingerprint: "SHA256:old", at: "/home/me/.ssh/known_hosts:12", remove },
      ],
    });
    await view.send({ type: "problem", problem: problem.toJSON() });
    const told = await textOf(view, ".problem");
    expect(told).toContain("ssh-rsa SHA256:old, at /home/me/.ssh/known_hosts:12");
    expect(told).toContain("The host key of me@web1:22 has changed.");
    expect(told).toContain(`and then run again: ${remove}`);
    // Each fingerprint once, to be compared.
    expect(told.match(/SHA256:\w+/g)).toEqual(["SHA256:new", "SHA256:old"]);
    expect(await view.page.getByRole("button", { name: "Trust" }).count()).toBe(0);
    await picture(view, "host-key-changed");
    // What may help comes first; a copy of the problem and the log help nobody by themselves.
    const buttons = view.page.locator(".problem-actions button");
    const primary = view.page.locator(".problem-actions .primary");
    expect(await primary.count()).toBe(0);
    await view.send({ type: "problem", problem: problem.toJSON(), actions: ["Copy"] });
    await expect.poll(() => buttons.allInnerTexts()).toEqual(["Copy", "Show Log"]);
    expect(await primary.count()).toBe(0);
    await view.send({ type: "problem", problem: problem.toJSON(), actions: ["Open known_hosts", "Copy"] });
    await expect.poll(() => buttons.allInnerTexts()).toEqual(["Open known_hosts", "Copy", "Show Log"]);
    expect(await primary.allInnerTexts()).toEqual(["Open known_hosts"]);
    await view.page.getByRole("button", { name: "Show Log" }).click();
    await view.said("showLog");
  });

  it("stands below the output that came before it, with a way to try again", async () => {
    await using view = await opened();
    await view.send(stdout("half of it\n"));
    const problem = new Problem("host_unreachable", "web1 (10.0.0.5:22) refused the connection.").toJSON();
    await view.send({ type: "problem", problem });
    await view.shows("half of it");
    expect(await view.page.locator(".screen").isVisible()).toBe(true);
    await picture(view, "problem-below-output");
    await view.page.locator(".problem").getByRole("button", { name: "Run Again" }).click();
    await view.said("runAgain");
  });
});

describe("the look", () => {
  it("follows a change of theme", async () => {
    await using view = await opened();
    await view.send(stdout("text\n"));
    await view.shows("text");
    const colour = "getComputedStyle(document.querySelector('.xterm-rows')).color";
    expect(await view.page.evaluate(colour)).toBe("rgb(204, 204, 204)");
    await view.useTheme("light");
    await view.page.waitForFunction(`${colour} === "rgb(59, 59, 59)"`);
  });

  it("is one for screen readers where it is asked for", async () => {
    const { look } = show();
    await using view = await opened(show({}, { look: { ...look, screenReader: true, reducedMotion: true } }));
    await view.send(stdout("spoken\n"));
    await view.page
      .locator(".xterm-accessibility-tree", { hasText: "spoken" })
      .waitFor({ state: "attached" });
    expect(await textOf(view, ".time")).toMatch(/^00:\d\d$/);
    await view.send(complete());
    await expect.poll(() => textOf(view, ".time")).toBe("00:04.2");
  });

  it.each(["dark", "light", "hc", "hcLight"] as const)("of %s is there to be looked at", async (theme) => {
    const widths = [
      [1180, 360],
      [560, 360],
      [300, 420],
    ] as const;
    for (const [width, height] of widths) {
      await using view = await opened(show(), { theme, width, height });
      await view.send(stdout(status), stderr(warning), { type: "gap", stream: "stdout", bytes: 12_345 });
      await view.send(
        {
          type: "status",
          state: "running",
          message: "",
          detail: "warm connection · first byte 6 ms",
          transport: "aes128-gcm · ed25519",
        },
        { type: "log", at: "2026-11-22T21:43:00.123Z", message: "Reused a connection to deploy@10.0.0.5:22" },
      );
      await view.shows("not recorded");
      await picture(view, `${theme}-${width}-running`);
      await view.send(complete({ exitCode: 3 }), { type: "tool", tool: "debugLog" });
      await view.page.locator(".log").waitFor();
      await picture(view, `${theme}-${width}-ended`);
      await view.send(show({ options: { durable: true } }), stdout("17\n"), {
        type: "status",
        state: "running",
        message: "Reconnecting to web1",
        detail: null,
        reconnecting: true,
      });
      await view.page.locator(".state", { hasText: "Reconnecting" }).waitFor();
      await picture(view, `${theme}-${width}-reconnecting`);
      expect(view.complaints).toEqual([]);
    }
  });
});
