import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, FrameLocator, Locator, Page } from "playwright-core";
import { violationsIn } from "./axe.ts";
import type { CodeServer } from "./code-server.ts";
import { sceneText } from "./scene-text.ts";

const pictures = join(import.meta.dirname, "../../artifacts/screenshots");

/** For anything that is awaited, whatever else the machine does; what does not come at all is told by then. */
const patienceMs = 120_000;
/** For each try of what is tried again: what took the focus costs little, and a slow machine gets its time. */
const triesMs = [8000, 15_000, 30_000, 30_000, 30_000, 30_000];
/** VS Code shows three notifications in this time, and puts further ones only into its Notification Center. */
const toastIntervalMs = 800;

type Theme = "light" | "dark" | "highContrast";

/** VS Code follows the system's colours, which the browser plays: nothing has to be configured for it. */
const media = {
  light: { colorScheme: "light", forcedColors: "none" },
  dark: { colorScheme: "dark", forcedColors: "none" },
  highContrast: { colorScheme: "dark", forcedColors: "active" },
} as const;
const allThemes = ["light", "highContrast", "dark"] as const;
const themeClasses: Record<Theme, string> = { light: "vs", dark: "vs-dark", highContrast: "hc-black" };
const webviewClasses: Record<Theme, string> = {
  light: "vscode-light",
  dark: "vscode-dark",
  highContrast: "vscode-high-contrast",
};

/** A window of VS Code, as a person uses it. */
export class Workbench {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  static async open(browser: Browser, code: CodeServer): Promise<Workbench> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const page = await context.newPage();
    page.setDefaultTimeout(patienceMs);
    const workbench = new Workbench(page);
    await page.goto(code.url);
    await workbench.ready();
    return workbench;
  }

  async ready(): Promise<void> {
    await this.page.locator(".monaco-workbench").waitFor();
    await this.page.locator('.activitybar a[aria-label="Hostrun"]').waitFor();
  }

  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent("load");
    await this.command("Developer: Reload Window");
    await loaded;
    await this.ready();
  }

  /** As a person does to whom nothing else is left. */
  async loadAnew(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Opens the Hostrun view. */
  async showHostrun(): Promise<void> {
    await this.page.locator('.activitybar a[aria-label="Hostrun"]').click();
    await this.page.getByText("Hosts", { exact: true }).first().waitFor();
  }

  /** Runs a command by its title in the palette, e.g. "Hostrun: Run on Host…". */
  async command(title: string): Promise<void> {
    await this.#insist(async (timeout) => {
      await this.page.keyboard.press("F1");
      await this.input.fill(`>${title}`, { timeout });
      await this.choice(title).first().click({ timeout });
    });
  }

  get quick(): Locator {
    return this.page.locator(".quick-input-widget:visible");
  }

  get input(): Locator {
    return this.quick.locator(".quick-input-box input");
  }

  /** An entry of the quick pick. */
  choice(text: string): Locator {
    return this.quick.locator(".monaco-list-row", { hasText: text });
  }

  /**
   * Types into the quick input that asks this, by its placeholder or prompt: the one before it takes text, too, and may
   * have an entry of that name.
   */
  async type(question: string | RegExp, text: string): Promise<void> {
    const prompt = this.quick.locator(".quick-input-message", { hasText: question });
    await this.quick.getByPlaceholder(question).or(prompt).first().waitFor();
    await this.input.fill(text);
  }

  async answer(question: string | RegExp, text: string): Promise<void> {
    await this.type(question, text);
    await this.page.keyboard.press("Enter");
  }

  /** Chooses the entry of the quick pick that begins with this label. */
  async choose(placeholder: RegExp, label: string): Promise<void> {
    await this.quick.getByPlaceholder(placeholder).waitFor();
    await this.quick.locator(`.monaco-list-row[aria-label^="${label}"]`).first().click();
  }

  /** Starts a task of the folder. */
  async runTask(label: string): Promise<void> {
    await this.#insist(async (timeout) => {
      await this.page.keyboard.press("Control+P");
      await this.input.fill(`task ${label}`, { timeout });
      await this.quick.locator(`.monaco-list-row[aria-label^="${label}"]`).first().click({ timeout });
    });
  }

  async openFile(name: string): Promise<void> {
    await this.#insist(async (timeout) => {
      await this.page.keyboard.press("Control+P");
      await this.input.fill(name, { timeout });
      await this.choice(name).first().click({ timeout });
      await this.page.getByRole("tab", { name, selected: true }).waitFor({ timeout });
    });
    await this.page.locator(".monaco-editor .view-line").first().click();
  }

  /**
   * A panel that comes up takes the focus, and the quick input closes: a person opens it again. One that was opened
   * before an extension's commands were there shows none of them until it is opened anew.
   */
  async #insist(act: (timeoutMs: number) => Promise<void>): Promise<void> {
    for (const [attempt, timeoutMs] of triesMs.entries()) {
      try {
        return await act(timeoutMs);
      } catch (failure) {
        if (attempt === triesMs.length - 1) throw failure;
        if (await this.quick.isVisible()) await this.page.keyboard.press("Escape");
      }
    }
  }

  /** A row of a tree, by what it is called aloud. */
  row(name: string | RegExp): Locator {
    return this.page.getByRole("treeitem", { name });
  }

  /** Clicks an action at the right end of a row. */
  async rowAction(name: string | RegExp, action: string): Promise<void> {
    const row = this.row(name);
    await row.hover();
    await row
      .getByRole("button", { name: action })
      .or(row.locator(`a[aria-label^="${action}"]`))
      .first()
      .click();
  }

  /** Goes to the last row of a view of Hostrun, by the keyboard. */
  async lastRow(view: "Hosts" | "Runs"): Promise<void> {
    await this.command(`Hostrun: Focus on ${view} View`);
    const pane = this.page.locator(`.pane:has(.pane-header[aria-label^="${view}"])`);
    await pane.locator(".monaco-list:focus").waitFor();
    await this.page.keyboard.press("End");
  }

  async rowMenu(name: string | RegExp, entry: string): Promise<void> {
    await this.row(name).click({ button: "right" });
    await this.menu(entry);
  }

  /** Chooses from the context menu that is open, by the keyboard: it ignores clicks that come at once. */
  async menu(entry: string): Promise<void> {
    await this.page.getByRole("menuitem", { name: entry }).hover();
    await this.page.keyboard.press("Enter");
  }

  /** The inside of the run's tab that can be seen. */
  get run(): FrameLocator {
    return this.page.frameLocator("iframe.webview.ready:visible").frameLocator("iframe#active-frame");
  }

  /** When the output of the run holds this text. */
  async output(text: string | RegExp): Promise<void> {
    await this.run.locator(".xterm-rows", { hasText: text }).waitFor();
  }

  tab(name: string | RegExp): Locator {
    return this.page.getByRole("tab", { name });
  }

  dialog(text: string | RegExp): Locator {
    return this.page.locator(".monaco-dialog-box", { hasText: text });
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator(".notification-toast", { hasText: text });
  }

  /** Clears the notifications, and ends when VS Code would show the next one. */
  async dismissNotifications(): Promise<void> {
    const shownAgain = this.page.waitForTimeout(toastIntervalMs);
    await this.command("Notifications: Clear All Notifications");
    await this.page.locator(".notification-toast").first().waitFor({ state: "detached" });
    await shownAgain;
  }

  /** For a test that failed: what was to be seen then, in the log and in a picture. */
  async failure(test: string): Promise<void> {
    await mkdir(pictures, { recursive: true });
    console.error(`"${test}" failed while the window showed:\n${await sceneText(this.page)}`);
    await this.page.screenshot({ path: join(pictures, `failed-${test.replaceAll(/\W+/g, "-")}.png`) });
  }

  /** A picture of the scene in each theme, to be looked at. */
  async pictures(name: string, themes: readonly Theme[] = ["light", "dark"]): Promise<void> {
    await mkdir(pictures, { recursive: true });
    await this.#inThemes(themes, async (theme) => {
      await this.page.screenshot({ path: join(pictures, `editor-${name}-${theme}.png`) });
    });
  }

  /** What axe-core finds wrong in the webview in front, in each theme. */
  async violations(): Promise<string[]> {
    const found: string[] = [];
    await this.#inThemes(allThemes, async (theme) => {
      const body = await this.run.locator("body").elementHandle();
      const frame = await body?.ownerFrame();
      if (frame === null || frame === undefined) throw new Error("no webview is in front");
      found.push(...(await violationsIn(frame)).map((violation) => `${theme}: ${violation}`));
    });
    return found;
  }

  async #inThemes(themes: readonly Theme[], act: (theme: Theme) => Promise<void>): Promise<void> {
    for (const theme of themes) {
      await this.page.emulateMedia(media[theme]);
      await this.page.locator(`.monaco-workbench.${themeClasses[theme]}`).waitFor();
      // The colours of an open webview arrive by a message of their own.
      const frame = this.page.locator("iframe.webview.ready:visible");
      if ((await frame.count()) > 0) await this.run.locator(`body.${webviewClasses[theme]}`).waitFor();
      await act(theme);
    }
  }
}
