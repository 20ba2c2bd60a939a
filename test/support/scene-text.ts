import { setTimeout as wait } from "node:timers/promises";
import type { Page } from "playwright-core";

/** A page that hangs should not hold up what ends the test. */
const limitMs = 5000;
const maxLength = 4000;

/** What asks for attention in a window of VS Code, and where its focus is: for the log of a test that failed. */
export async function sceneText(page: Page): Promise<string> {
  const seen = page.evaluate<string>(inPage).catch((failure: unknown) => `nothing: ${String(failure)}`);
  const text = await Promise.race([seen, wait(limitMs, "nothing: the page does not answer", { ref: false })]);
  return text.slice(0, maxLength);
}

/** In the page, where the tests' own types do not hold. */
const inPage = `(() => {
  const parts = {
    "quick input": ".quick-input-widget",
    toast: ".notification-toast",
    dialog: ".monaco-dialog-box",
    notifications: '[id="status.notifications"]',
  };
  const text = (each) => (each.innerText || each.querySelector("[aria-label]")?.ariaLabel || "").replace(/\\s+/g, " ").slice(0, 500);
  const lines = Object.entries(parts).flatMap(([name, selector]) =>
    [...document.querySelectorAll(selector)]
      .filter((each) => each.checkVisibility())
      .map((each) => {
        const typed = [...each.querySelectorAll("input[type=text]")].map(({ value }) => JSON.stringify(value));
        return [name + ":", ...typed, text(each)].join(" ");
      }),
  );
  const focused = document.activeElement;
  const name = focused?.ariaLabel ?? focused?.getAttribute("placeholder") ?? "";
  return [...lines, "focus: " + focused?.tagName + "." + focused?.className + " " + name].join("\\n");
})()`;
