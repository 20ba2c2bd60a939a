import type { Terminal } from "@xterm/xterm";
import { element } from "./element.ts";
import { label } from "./labels.ts";

/**
 * Output on stderr is red, and its rows have a bar at their left, since not everyone can distinguish colours. The
 * cells themselves carry the mark: they are written as "blinking", which xterm.js stores but does not draw (blinking
 * by programs is removed). So only the visible rows are inspected, memory use does not grow with the output, and
 * scrolling, trimming and reflow need no bookkeeping.
 */
export const stderrMark = "5";

/**
 * Updates the bars of the visible rows, which are drawn into `gutter`. The terminal scrolls once per line of output;
 * the rows are inspected once per frame.
 */
export function watchStderrRows(terminal: Terminal, gutter: HTMLElement): void {
  let shown = "";
  const draw = (): void => {
    const blocks = stderrBlocks(terminal);
    nameStderrRows(terminal, blocks);
    const key = JSON.stringify([blocks, gutter.clientHeight, terminal.rows]);
    if (key === shown) return;
    shown = key;
    gutter.replaceChildren(...blocks.map(({ from, to }) => bar(terminal, from, to)));
  };
  let frame: number | undefined;
  const drawSoon = (): void => {
    frame ??= requestAnimationFrame(() => {
      frame = undefined;
      draw();
    });
  };
  terminal.onRender(drawSoon);
  terminal.onScroll(drawSoon);
}

/** Marks the rows in the accessibility tree for screen readers. */
function nameStderrRows(terminal: Terminal, blocks: readonly { from: number; to: number }[]): void {
  if (terminal.options.screenReaderMode !== true) return;
  const rows = terminal.element?.querySelectorAll(".xterm-accessibility-tree > *") ?? [];
  for (const [row, spoken] of [...rows].entries()) {
    const isStderr = blocks.some(({ from, to }) => row >= from && row < to);
    spoken.classList.toggle("stderr", isStderr);
    if (isStderr) spoken.setAttribute("data-stream", label("stderr"));
    else spoken.removeAttribute("data-stream");
  }
}

function bar(terminal: Terminal, from: number, to: number): HTMLElement {
  const made = element("div", { class: "stderr-bar", title: label("stderrMark") });
  const height = (terminal.element?.querySelector(".xterm-screen")?.clientHeight ?? 0) / terminal.rows;
  made.style.top = `${from * height}px`;
  made.style.height = `${(to - from) * height}px`;
  return made;
}

function stderrBlocks(terminal: Terminal): { from: number; to: number }[] {
  const blocks: { from: number; to: number }[] = [];
  for (let row = 0; row < terminal.rows; row += 1) {
    if (!isStderrRow(terminal, row)) continue;
    const last = blocks.at(-1);
    if (last?.to === row) last.to = row + 1;
    else blocks.push({ from: row, to: row + 1 });
  }
  return blocks;
}

function isStderrRow(terminal: Terminal, row: number): boolean {
  const buffer = terminal.buffer.active;
  const line = buffer.getLine(buffer.viewportY + row);
  if (line === undefined) return false;
  const cell = buffer.getNullCell();
  for (let column = 0; column < line.length; column += 1) {
    if (line.getCell(column, cell)?.isBlink() !== 0 && cell.getCode() !== 0) return true;
  }
  return false;
}
