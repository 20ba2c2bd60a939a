/** Whether the page has the focus, but none of its elements: VS Code focuses a webview as a whole. */
export function isPageItselfFocused(): boolean {
  return document.hasFocus() && document.activeElement === document.body;
}
