import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complete, show, stderr, stdout } from "../support/panel-messages.ts";
import { openWebviewHost } from "../support/webview-page.ts";
import type { WebviewHost, WebviewPage } from "../support/webview-page.ts";

const screenshots = join(import.meta.dirname, "../../artifacts/screenshots");

let host: WebviewHost;

beforeAll(async () => {
  await mkdir(screenshots, { recursive: true });
  host = await openWebviewHost();
});

afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

async function opened(
  message = show(),
  options: Parameters<WebviewHost["open"]>[0] = {},
): Promise<WebviewPage> {
  const view = await host.open(options);
  await view.send(message);
  await view.page.locator(".xterm-rows").waitFor({ state: "attached" });
  return view;
}

async function picture(view: WebviewPage, name: string): Promise<void> {
  await view.page.screenshot({ path: join(screenshots, `webview-${name}.png`) });
}

describe("copying", () => {
  it("takes all output whatever is selected, also by a search", async () => {
    await using view = await opened();
    await view.send(stdout("needle one\nhay\n"));
    await view.shows("hay");
    await view.page.keyboard.press("Control+f");
    await view.page.keyboard.type("needle");
    await view.page.locator(".find-count", { hasText: "1 of 1" }).waitFor();
    await view.page.getByRole("button", { name: "Copy Output" }).click();
    await view.said("copyOutput");
    expect(view.posted.some(({ type }) => type === "copied")).toBe(false);
    await view.send({ type: "notice", text: "Copied all output" });
    await view.page.locator(".notice", { hasText: "Copied all output" }).waitFor();
  });

  it("selects all by Ctrl+A, but leaves it to a field that is typed into", async () => {
    await using view = await opened();
    await view.send(stdout(`first\n${"line\n".repeat(100)}last\n`));
    await view.shows("last");
    await view.page.keyboard.press("Control+a");
    await view.page.keyboard.press("Control+c");
    const { text } = await view.said("copied");
    expect(text.split("\n")).toEqual(expect.arrayContaining(["first", "line", "last"]));
    await view.page.keyboard.press("Control+f");
    await view.page.keyboard.press("Control+a");
    await view.page.keyboard.type("first");
    expect(await view.page.locator(".find-input").inputValue()).toBe("first");
  });

  it("is told to VS Code's context menu: whether something is selected, and whether the run goes on", async () => {
    await using view = await opened();
    await view.send(stdout("word\n"));
    await view.shows("word");
    const context = async (): Promise<unknown> =>
      JSON.parse((await view.page.locator(".screen").getAttribute("data-vscode-context")) ?? "null");
    const menu = { webviewSection: "output", preventDefaultContextMenuItems: true };
    expect(await context()).toEqual({ ...menu, hostrunSelection: false, hostrunAlive: true });
    await view.send({ type: "tool", tool: "selectAll" }, complete());
    await expect.poll(context).toEqual({ ...menu, hostrunSelection: true, hostrunAlive: false });
    await view.send({ type: "tool", tool: "copySelection" });
    // Without the empty rows of the screen.
    expect((await view.said("copied")).text.trimEnd()).toBe("word");
    expect((await view.said("copied")).text.split("\n").length).toBeLessThanOrEqual(2);
  });
});

describe("find", () => {
  const count = (view: WebviewPage, text: string): Promise<void> =>
    view.page.locator(".find-count", { hasText: new RegExp(`^${text}$`) }).waitFor();

  async function searching(output: string, term: string): Promise<WebviewPage> {
    const view = await opened();
    await view.send(stdout(output));
    await view.shows(output.trim().split("\n").at(-1) ?? "");
    await view.page.keyboard.press("Control+f");
    await view.page.keyboard.type(term);
    return view;
  }

  it("tells case, whole words and expressions apart, by button and by key", async () => {
    await using view = await searching("concat cat Cat\nscatter cat-like 猫cat\nend\n", "cat");
    await count(view, "1 of 6");
    await view.page.getByRole("button", { name: "Match Case (Alt+C)" }).click();
    await count(view, "1 of 5");
    await view.page.locator(".find-input").focus();
    await view.page.keyboard.press("Alt+w");
    await count(view, "1 of 2");
    const whole = view.page.getByRole("button", { name: "Match whole word (Alt+W)" });
    expect(await whole.getAttribute("aria-pressed")).toBe("true");
    await view.page.keyboard.press("Alt+w");
    await view.page.keyboard.press("Alt+r");
    await view.page.locator(".find-input").fill("c.t+e?r?");
    await count(view, "2 of 5");
    for (const theme of ["dark", "light", "hc", "hcLight"] as const) {
      await view.useTheme(theme);
      await picture(view, `find-options-${theme}`);
    }
    await view.page.locator(".find-input").fill("(");
    await count(view, "Not a regular expression");
    await view.page.keyboard.press("Alt+r");
    await count(view, "No results");
    expect(view.complaints).toEqual([]);
  });

  it("counts each match of an expression once, and those in wrapped and wide text where they are", async () => {
    const wide = "漢字".repeat(60);
    await using view = await searching(`12345 678\n${wide}needle${"x".repeat(300)}\nend\n`, "\\d+");
    await view.page.keyboard.press("Alt+r");
    await count(view, "1 of 2");
    await view.page.locator(".find-input").fill("needle");
    await count(view, "1 of 1");
    await view.page.keyboard.press("Escape");
    await view.page.keyboard.press("Control+c");
    expect((await view.said("copied")).text).toBe("needle");
  });

  it("stays at its match while output comes, and looks through all that the screen holds", async () => {
    await using view = await searching(`${"needle\nhay\n".repeat(300)}end\n`, "needle");
    await view.page.locator(".find-count", { hasText: / of 300$/ }).waitFor();
    await view.page.keyboard.press("Enter");
    const before = await view.page.locator(".find-count").innerText();
    await view.send(stdout("needle\n"));
    await count(view, before.replace("300", "301"));
    await view.page.keyboard.press("Shift+Enter");
    await count(view, `${Number.parseInt(before, 10) - 1} of 301`);
    expect(await view.page.locator(".active-match").count()).toBe(1);
  });
});

describe("lines that have left the screen", () => {
  const note = (view: WebviewPage, text: string): Promise<void> =>
    view.page.locator(".hidden-lines", { hasText: text }).waitFor();

  it("are counted, wrapped or not, and all of the output is a click away", async () => {
    await using view = await opened(show({}, { look: { ...show().look, scrollback: 1000 } }));
    await view.send(stdout("short\n".repeat(500)));
    await view.shows("short");
    expect(await view.page.locator(".hidden-lines").isVisible()).toBe(false);
    await view.send(stdout(`${"long ".repeat(100)}\n`.repeat(2000)), stdout("the end\n"));
    await view.shows("the end");
    await view.page.locator(".hidden-lines").waitFor();
    // Each line has three rows or more, so that the screen holds a third of them at most.
    const hidden = async (): Promise<number> => {
      const shown = await view.page.locator(".hidden-lines span").innerText();
      return Number(/^First ([\d,]+) lines not shown$/.exec(shown)?.[1]?.replace(",", ""));
    };
    await expect.poll(hidden).toBeGreaterThan(2100);
    expect(await hidden()).toBeLessThan(2501);
    for (const theme of ["dark", "light", "hc", "hcLight"] as const) {
      await view.useTheme(theme);
      await picture(view, `hidden-lines-${theme}`);
    }
    await view.page.setViewportSize({ width: 300, height: 360 });
    await picture(view, "hidden-lines-300");
    await view.page.getByRole("button", { name: "Open Full Output" }).click();
    await view.said("openOutput");
  });

  it("are counted exactly, and at least where something was not recorded", async () => {
    await using view = await opened(show({}, { look: { ...show().look, scrollback: 1000 } }));
    const lines = Array.from({ length: 12_345 }, (_, index) => `${index + 1}\n`).join("");
    await view.send(stdout(lines));
    await view.shows("12345");
    await view.page.keyboard.press("Home");
    await view.page.locator(".hidden-lines").waitFor();
    const top = async (): Promise<number> =>
      Number((await view.page.locator(".xterm-rows > div").first().innerText()).trim());
    await expect.poll(top).toBeLessThan(12_300);
    await note(view, `First ${((await top()) - 1).toLocaleString("en")} lines not shown`);
    await view.send({ type: "gap", stream: "stdout", bytes: 12_345 }, stdout("after\n"));
    await note(view, "lines or more not shown");
    await view.send({ type: "tool", tool: "clear" });
    await view.page.locator(".hidden-lines").waitFor({ state: "hidden" });
  });
});

describe("the keyboard", () => {
  const focused = (view: WebviewPage): Promise<unknown> =>
    view.page.evaluate("document.activeElement.getAttribute('aria-label')");

  it("is the output's from the beginning, and again with the next run", async () => {
    await using view = await opened();
    expect(await focused(view)).toBe("Output of the command");
    await view.send(stdout(`top\n${"line\n".repeat(100)}bottom\n`));
    await view.shows("bottom");
    await view.page.keyboard.press("Home");
    await view.shows("top");
    await view.send(show({ command: "another" }));
    await view.page.locator(".command", { hasText: "another" }).waitFor();
    expect(await focused(view)).toBe("Output of the command");
  });

  it("is not taken from a page that does not have it, nor from what is typed into", async () => {
    await using view = await host.open();
    // As a page is that has come up behind an open question of VS Code.
    await view.page.evaluate("document.hasFocus = () => false");
    await view.send(show());
    await view.page.locator(".xterm-rows").waitFor({ state: "attached" });
    expect(await focused(view)).toBe(null);
    await view.page.evaluate("delete document.hasFocus; dispatchEvent(new Event('focus'))");
    expect(await focused(view)).toBe("Output of the command");
    await view.page.keyboard.press("Control+f");
    await view.page.evaluate("dispatchEvent(new Event('focus'))");
    expect(await focused(view)).toBe("Find in output");
  });
});

describe("a silent run", () => {
  it("says that it waits for output and how long, until there is some", async () => {
    await using view = await opened(show({}, { elapsedMs: 12_500 }));
    await view.page.locator(".waiting", { hasText: /^Waiting for output, (1[2-9]|[2-5]\d) s$/ }).waitFor();
    for (const theme of ["dark", "light", "hc"] as const) {
      await view.useTheme(theme);
      await picture(view, `waiting-${theme}`);
    }
    await view.send(stdout("here\n"));
    await view.shows("here");
    expect(await view.page.locator(".waiting").isVisible()).toBe(false);
  });

  it("counts from its beginning, and tells of a silence after output by when that was written", async () => {
    await using view = await opened(show({ state: "connecting" }, { elapsedMs: 60_000 }));
    await view.send({ type: "status", state: "running", message: "", detail: null });
    await view.page.locator(".waiting", { hasText: /^Waiting for output, \d+ s$/ }).waitFor();
    const chunks = [{ stream: "stdout" as const, data: "old\n" }];
    await view.send({ type: "output", chunks, ageMs: 200_000 });
    await view.page.locator(".quiet", { hasText: /^No output for 3 min \d+ s$/ }).waitFor();
    await picture(view, "quiet");
    await view.send(stdout("new\n"));
    await view.page.locator(".quiet", { hasText: /^$/ }).waitFor({ state: "attached" });
    await view.send({ type: "output", chunks, ageMs: 200_000 }, complete());
    await view.page.locator(".ending", { hasText: "Exit 0" }).waitFor();
    expect(await view.page.locator(".quiet").textContent()).toBe("");
  });
});

describe("a run that is stopped", () => {
  it.each([
    ["here", async (view: WebviewPage) => view.page.keyboard.press("Control+c")],
    [
      "elsewhere",
      (view: WebviewPage) =>
        view.send({ type: "status", state: "running", message: "Cancelling", detail: null, stopping: true }),
    ],
  ])(
    "says once that it is being stopped, and by whatever else is told meanwhile: %s",
    async (_where, stop) => {
      await using view = await opened();
      await view.page.locator(".waiting", { hasText: "Waiting for output" }).waitFor();
      await stop(view);
      await view.page.locator(".state", { hasText: /^Stopping…$/ }).waitFor();
      await view.send({ type: "status", state: "running", message: "Cancelling", detail: null });
      await view.send(stdout("told after it\n"));
      await view.shows("told after it");
      expect(await view.page.locator(".state").innerText()).toBe("Stopping…");
      expect(await view.page.locator(".detail").innerText()).toBe("");
      expect(await view.page.locator(".state-icon").getAttribute("aria-label")).toBe("Stopping…");
      expect(await view.page.locator(".waiting").isVisible()).toBe(false);
      await view.send(complete({ outcome: "cancelled", exitCode: null }));
      await view.page.locator(".ending", { hasText: /^Cancelled$/ }).waitFor();
      expect(await view.page.locator(".state").innerText()).toBe("");
    },
  );
});

describe("the command", () => {
  it("is shown whole by the mouse and by the keyboard where the line is too short for it", async () => {
    const command = `set -e\n${"echo a rather long line of a script that goes on and on\n".repeat(6)}exit 3`;
    await using view = await opened(show({ command }));
    const whole = view.page.locator(".command-whole");
    await view.page.locator(".command").hover();
    await whole.waitFor();
    expect(await whole.innerText()).toBe(command);
    await picture(view, "command-whole");
    // What lies below it can be reached.
    await view.page.locator(".screen").click();
    await whole.waitFor({ state: "hidden" });
    await view.page.locator(".command").click();
    await view.page.locator(".foot").hover();
    expect(await whole.isVisible()).toBe(true);
    await view.page.keyboard.press("Escape");
    await whole.waitFor({ state: "hidden" });
    await view.page.locator(".screen").click();
    await view.page.locator(".command").focus();
    await whole.waitFor();
    await view.page.keyboard.press("Escape");
    await whole.waitFor({ state: "hidden" });
    await view.send(show({ command: "uptime" }));
    await view.page.locator(".command", { hasText: "uptime" }).focus();
    expect(await view.page.locator(".command-whole").isVisible()).toBe(false);
  });
});

describe("colours that the system forces", () => {
  it("are used by the screen, on which a program's colours and the search's marks are still told apart", async () => {
    await using view = await opened();
    const colourOf = (text: string): Promise<unknown> =>
      view.page.evaluate(`getComputedStyle([...document.querySelectorAll(".xterm-rows span")]
        .find((span) => span.textContent.includes(${JSON.stringify(text)}))).color`);
    await view.send(
      stdout("plain \u001b[32mgreen\u001b[0m \u001b[34mblue\u001b[0m needle needle\n"),
      stderr("bad\n"),
    );
    await view.shows("bad");
    for (const colorScheme of ["dark", "light"] as const) {
      await view.page.emulateMedia({ forcedColors: "active", colorScheme });
      await view.page.keyboard.press("Control+f");
      await view.page.locator(".find-input").fill("needle");
      await view.page.locator(".find-count", { hasText: "1 of 2" }).waitFor();
      const back = colorScheme === "dark" ? "rgb(0, 0, 0)" : "rgb(255, 255, 255)";
      const screen = "getComputedStyle(document.querySelector('.xterm-scrollable-element')).backgroundColor";
      await expect.poll(() => view.page.evaluate(screen)).toBe(back);
      const colours = [
        await colourOf("green"),
        await colourOf("blue"),
        await colourOf("bad"),
        await colourOf("plain"),
      ];
      expect(new Set(colours).size).toBe(4);
      await view.page.locator(".active-match").first().waitFor();
      await view.page.keyboard.press("Alt+c");
      await picture(view, `forced-${colorScheme}`);
      await view.page.keyboard.press("Alt+c");
    }
    await view.page.emulateMedia({ forcedColors: "none" });
    const text = "getComputedStyle(document.querySelector('.xterm-rows')).color";
    await expect.poll(() => view.page.evaluate(text)).toBe("rgb(204, 204, 204)");
    expect(view.complaints).toEqual([]);
  });
});

describe("what is read aloud", () => {
  it("tells stderr from stdout", async () => {
    const look = { ...show().look, screenReader: true };
    await using view = await opened(show({}, { look }));
    await view.send(stdout("all well\n"), stderr("not so well\n"), stdout("well again\n"));
    await view.page
      .locator(".xterm-accessibility-tree", { hasText: "well again" })
      .waitFor({ state: "attached" });
    const rows = async (): Promise<string> => (await view.spoken()).join("").replaceAll("\u00a0", "");
    await expect.poll(rows).toMatch(/all wellstderr: not so wellwell again/);
  });
});

describe("standard input", () => {
  const field = (view: WebviewPage) =>
    view.page.getByLabel("Standard input: Enter sends a line, Ctrl+D ends it");

  it("has a line to type into where it is open, until the command ends", async () => {
    await using view = await opened(show({ options: { stdinOpen: true } }, { elapsedMs: 12_000 }));
    expect(await field(view).evaluate("document.activeElement.className")).toBe("input-field");
    await field(view).fill("first line");
    await field(view).press("Enter");
    expect(await view.said("stdin")).toEqual({ type: "stdin", data: "first line\n", end: false });
    await view.shows("› first line");
    expect(await view.page.locator(".waiting").isVisible()).toBe(false);
    expect(await field(view).inputValue()).toBe("");
    for (const theme of ["dark", "light", "hc"] as const) {
      await view.useTheme(theme);
      await picture(view, `input-${theme}`);
    }
    await field(view).press("Control+d");
    await expect.poll(() => view.posted.at(-1)).toEqual({ type: "stdin", data: "", end: true });
    await field(view).waitFor({ state: "hidden" });
    await view.send(show({ options: { stdinOpen: true } }));
    await field(view).waitFor();
    await view.send(complete());
    await field(view).waitFor({ state: "hidden" });
    expect(await view.page.evaluate("document.activeElement.ariaLabel")).toBe("Output of the command");
  });

  it("is typed as into a terminal where there is one, and a password cannot be seen", async () => {
    await using view = await opened(show({ options: { stdinOpen: true, pty: true } }));
    await view.send(stdout("\u001b[1m[sudo] password for deploy: \u001b[0m"));
    await view.shows("password for deploy");
    await expect.poll(() => field(view).getAttribute("type")).toBe("password");
    await field(view).fill("secret");
    await picture(view, "input-password");
    await field(view).press("Enter");
    expect(await view.said("stdin")).toEqual({ type: "stdin", data: "secret\r", end: false });
    expect(await field(view).getAttribute("type")).toBe("text");
    await field(view).press("Control+d");
    await expect.poll(() => view.posted.at(-1)).toEqual({ type: "stdin", data: "\u0004", end: false });
    expect(await field(view).isVisible()).toBe(true);
    expect(await view.page.locator(".xterm-rows").innerText()).not.toContain("secret");
  });

  it("is noted as what a silent command may wait for, until something is typed", async () => {
    await using view = await opened(show({ options: { stdinOpen: true } }));
    await view.page.locator(".input-hint", { hasText: "It may be waiting for input" }).waitFor();
    await field(view).fill("y");
    await field(view).press("Enter");
    expect(await view.page.locator(".input-hint").textContent()).toBe("");
  });

  it.each([
    ["sudo: a terminal is required to read the password\n", "needs a terminal", "Run in a Terminal", true],
    ["Do you want to continue? [Y/n] ", "tried to read input", "Run with Input", false],
  ])("is noted as missing where a command says %j", async (output, words, button, pty) => {
    await using view = await opened();
    await view.send(stderr(output), complete({ exitCode: 1 }));
    const note = view.page.getByRole("note").filter({ hasText: words });
    await note.waitFor();
    await picture(view, `input-note-${pty ? "terminal" : "input"}`);
    await note.getByRole("button", { name: button }).click();
    expect(await view.said("runWithInput")).toMatchObject({ type: "runWithInput", pty });
  });

  it("is noted as missing where a command that reads it said nothing, and not where it never ran", async () => {
    await using view = await opened(show({ command: "cat" }));
    await view.send(complete());
    const note = view.page
      .getByRole("note")
      .filter({ hasText: "cat reads standard input, and none was given." });
    await note.waitFor();
    await picture(view, "input-note-silent");
    await note.getByRole("button", { name: "Run with Input" }).click();
    expect(await view.said("runWithInput")).toMatchObject({ type: "runWithInput", pty: false });
    await view.send(show({ command: "cat" }), complete({ outcome: "failed", exitCode: null }));
    await view.page.locator(".ending", { hasText: "Failed" }).waitFor();
    expect(await view.page.locator(".input-note").count()).toBe(0);
  });

  it("is asked for in a terminal of the screen's size, which is told whenever it changes", async () => {
    await using view = await opened(show({ options: { pty: true, stdinOpen: true } }));
    const first = await view.said("size");
    expect(first.cols).toBeGreaterThan(100);
    await view.page.setViewportSize({ width: 600, height: 500 });
    await expect.poll(() => view.posted.findLast(({ type }) => type === "size")).not.toEqual(first);
    const last = view.posted.findLast((message) => message.type === "size");
    expect(last?.cols).toBeLessThan(first.cols);
    expect(last?.rows).toBeGreaterThan(first.rows);
    await view.send(complete());
    await view.send({ type: "tool", tool: "runInTerminal" });
    expect(await view.said("runWithInput")).toMatchObject({ pty: true, cols: last?.cols });
  });

  it("is noted as what a command on a terminal may wait for, where none can be given", async () => {
    await using view = await opened(show({ command: "cat", options: { pty: true } }));
    const note = view.page.locator(".input-note", {
      hasText: "It may be waiting for input, but none is sent to it.",
    });
    await note.getByRole("button", { name: "Run in a Terminal" }).waitFor();
    await view.send(stdout("it does not\n"));
    await note.waitFor({ state: "detached" });
  });
});
