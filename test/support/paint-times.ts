import type { Frame, Page } from "playwright-core";

/**
 * In every frame: when Enter was pressed, and a promise of when output that matches `mark-DIGITS` and was not there before is painted.
 */
const watch = `(() => {
  if (window.hostrunTimes !== undefined) return;
  const seen = new Set();
  const next = () => {
    const { promise, resolve } = Promise.withResolvers();
    return { painted: promise, resolve };
  };
  const times = (window.hostrunTimes = { enter: 0, ...next() });
  const now = () => performance.timeOrigin + performance.now();
  // VS Code plays the keys of a webview once more in the window, later.
  addEventListener("keydown", ({ key, timeStamp, isTrusted }) => {
    if (key === "Enter" && isTrusted) times.enter = performance.timeOrigin + timeStamp;
  }, true);
  // What changes in a callback of a frame is painted with that frame, and all else with the next one.
  let inFrame = false;
  const request = requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) =>
    request((time) => {
      inFrame = true;
      try {
        callback(time);
      } finally {
        // After the observer below.
        queueMicrotask(() => (inFrame = false));
      }
    });
  const afterFrame = (act) => {
    if (inFrame) setTimeout(act);
    else request(() => setTimeout(act));
  };
  const look = () => {
    const text = document.querySelector(".xterm-rows")?.textContent ?? "";
    for (const [mark] of text.matchAll(/mark-\\d+/g)) {
      if (seen.has(mark)) continue;
      seen.add(mark);
      const { resolve } = times;
      Object.assign(times, next());
      afterFrame(() => resolve(now()));
    }
  };
  new MutationObserver(look).observe(document, { childList: true, characterData: true, subtree: true });
})()`;

/**
 * Milliseconds from the Enter that `act` presses to output that is painted, in a window or in a webview that is open now.
 * Nothing is asked of the page meanwhile, which would take its time.
 */
export async function timeToPaint(page: Page, act: () => Promise<void>): Promise<number> {
  const frames = page.frames();
  for (const frame of frames) await valueIn(frame, watch);
  const paints = frames.map((frame) => valueIn(frame, "window.hostrunTimes.painted"));
  await act();
  const painted = await Promise.race(paints);
  const enters: number[] = [];
  for (const frame of frames) enters.push(await valueIn(frame, "window.hostrunTimes.enter", 0));
  return painted - Math.max(...enters);
}

/** Of a frame that goes away by then it is `otherwise`, or never there. */
async function valueIn(frame: Frame, expression: string, otherwise?: number): Promise<number> {
  try {
    return await frame.evaluate<number>(expression);
  } catch {
    return otherwise ?? new Promise(() => {});
  }
}
