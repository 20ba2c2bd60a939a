import * as vscode from "vscode";

/** The key's present action; undefined while no list listens to it. */
let act: (() => void) | undefined;

/** Sets the action of the key for the buttons of a list's entries (F2, in package.json) until it is disposed of. */
export function listenToEntryKey(listener: () => void): vscode.Disposable {
  act = listener;
  show();
  return new vscode.Disposable(() => {
    if (act !== listener) return;
    act = undefined;
    show();
  });
}

export function pressEntryKey(): void {
  act?.();
}

function show(): void {
  void vscode.commands.executeCommand("setContext", "hostrun.entryKey", act !== undefined);
}
