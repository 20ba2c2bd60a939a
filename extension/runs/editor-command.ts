import type * as vscode from "vscode";

type Editor = Pick<vscode.TextEditor, "document" | "selections" | "selection">;

/** The ranges of an editor's command: its selections, or the cursor's line if nothing is selected. */
export function commandRanges(editor: Editor): readonly vscode.Range[] {
  const selected = editor.selections.filter((selection) => !selection.isEmpty);
  return selected.length > 0 ? selected : [editor.document.lineAt(editor.selection.active.line).range];
}

/** An editor's command: its ranges joined by newlines. "" if there is none. */
export function editorCommand(editor: Editor): string {
  const text = commandRanges(editor)
    .map((range) => editor.document.getText(range))
    .join("\n");
  // A document's line endings belong to the editor; to a shell a CR would be part of the command.
  const command = text.replaceAll("\r\n", "\n");
  return editor.selections.every((selection) => selection.isEmpty) ? command.trim() : command;
}
