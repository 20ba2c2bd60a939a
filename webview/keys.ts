export interface KeyActions {
  find: () => void;
  /** Returns whether there was a selection to copy. */
  copySelection: () => boolean;
  selectAll: () => void;
  /** Returns whether there was something to stop. */
  stop: () => boolean;
}

/** Shortcuts of the whole panel; all other keys are left to VS Code. */
export function listenToKeys(surface: HTMLElement, actions: KeyActions): void {
  const press = (event: KeyboardEvent): void => {
    const key = event.key.toLowerCase();
    const control = event.ctrlKey || event.metaKey;
    if (control && !event.altKey && !event.shiftKey && obey(key, event, actions)) {
      event.preventDefault();
      event.stopPropagation();
    }
    if (key === "tab") surface.classList.add("by-keyboard");
  };
  window.addEventListener("keydown", press, { capture: true });
  window.addEventListener("pointerdown", () => surface.classList.remove("by-keyboard"));
}

function obey(key: string, event: KeyboardEvent, actions: KeyActions): boolean {
  if (key === "f") {
    actions.find();
    return true;
  }
  if (event.target instanceof HTMLInputElement) return false;
  if (key === "a") {
    actions.selectAll();
    return true;
  }
  if (key !== "c") return false;
  if (actions.copySelection()) return true;
  // Text selected elsewhere, e.g. in a problem, is copied by the browser.
  if (document.getSelection()?.isCollapsed === false) return false;
  return event.ctrlKey && actions.stop();
}
