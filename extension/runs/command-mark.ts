import * as vscode from "vscode";

/** Highlights what is about to be run in an editor, until it is disposed of. */
export function markCommand(editor: vscode.TextEditor, ranges: readonly vscode.Range[]): Disposable {
  const mark = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("editor.findMatchHighlightBackground"),
    border: "1px solid",
    borderColor: new vscode.ThemeColor("editor.findMatchHighlightBorder"),
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.findMatchForeground"),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
  });
  editor.setDecorations(mark, ranges);
  return {
    [Symbol.dispose]() {
      mark.dispose();
    },
  };
}
