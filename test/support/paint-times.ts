import type { Page } from "playwright-core";

/** In every frame: when Enter was pressed, and when output that matches `mark-DIGITS` was painted. */
const watch = `(() => {
  if (window.hostrunTimes !== undefined) return;
  const times = (window.hostrunTimes = { enter: 0, painted: {} });
  const now = () => performance.timeOrigin + performance.now();
  // VS Code plays the keys of a webview once more in the window, later.
  addEventListener("keydown", ({ key, timeStamp, isTrusted }) => {
    if (key === "Enter" && isTrusted) times.enter = performance.timeOrigin + timeStamp;
  }, true);
  const look = () => {
    const text = document.querySelector(".xterm-rows")?.textContent ?? "";
    for (const [mark] of text.matchAll(/mark-\\d+/g)) {
      if (mark in times.painted) continue;
      times.painted[mark] = 0;
      // A frame is painted after its callbacks.
      requestAnimationFrame(() => setTimeout(() => { times.painted[mark] = now(); }));
    }
  };
  new MutationObserver(look).observe(document, { childList: true, characterData: true, subtree: true });
})()`;

interface Times {
  readonly enter: number;
  readonly painted: Readonly<Record<string, number>>;
}

/** Measures from Enter to output that is painted, in a window and in the webviews that are open now. */
export async function watchPaint(page: Page): Promise<void> {
  // A frame may be going away.
  for (const frame of page.frames()) await frame.evaluate(watch).catch(() => undefined);
}

/** Milliseconds from the last Enter to the output that was painted last; undefined while it is not. */
export async function lastPaint(page: Page): Promise<number | undefined> {
  const times: Times[] = [];
  for (const frame of page.frames()) {
    const found = await frame.evaluate<Times | undefined>("window.hostrunTimes").catch(() => undefined);
    if (found !== undefined) times.push(found);
  }
  const enter = Math.max(...times.map((time) => time.enter));
  const painted = Math.max(0, ...times.flatMap((time) => Object.values(time.painted)));
  return painted > enter ? painted - enter : undefined;
}
