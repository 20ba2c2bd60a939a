import type { Terminal } from "@xterm/xterm";

/**
 * Keys that scroll; every other key is left to VS Code. In screen reader mode the arrow keys belong to the screen
 * reader.
 */
export function scrollByKey(terminal: Terminal, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const scroll = scrolls[event.key];
  if (scroll === undefined || (terminal.options.screenReaderMode === true && event.key.startsWith("Arrow"))) {
    return;
  }
  scroll(terminal);
  event.preventDefault();
}

const scrolls: Record<string, (terminal: Terminal) => void> = {
  ArrowUp: (terminal) => terminal.scrollLines(-1),
  ArrowDown: (terminal) => terminal.scrollLines(1),
  PageUp: (terminal) => terminal.scrollPages(-1),
  PageDown: (terminal) => terminal.scrollPages(1),
  Home: (terminal) => terminal.scrollToTop(),
  End: (terminal) => terminal.scrollToBottom(),
};
