/** Whether the page has the focus, but none of its elements: VS Code focuses a webview as a whole. */
export function isPageItselfFocused(): boolean {
  return document.hasFocus() && document.activeElement === document.body;
}

/** Focusing forces a layout of the page, which must not delay the next frame. Does nothing if the page has lost the focus. */
export function focusAfterFrame(focus: () => void): void {
  requestAnimationFrame(() => {
    setTimeout(() => {
      if (document.hasFocus()) focus();
    });
  });
}
