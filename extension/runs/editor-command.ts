import type * as vscode from "vscode";

type Editor = Pick<vscode.TextEditor, "document" | "selections" | "selection">;

/** What of an editor is its command: its selections, or the line of the cursor when nothing is selected. */
export function commandRanges(editor: Editor): readonly vscode.Range[] {
  const selected = editor.selections.filter((selection) => !selection.isEmpty);
  return selected.length > 0 ? selected : [editor.document.lineAt(editor.selection.active.line).range];
}

/** What an editor offers as a command: its ranges as they are, one below the other. "" when there is nothing. */
export function editorCommand(editor: Editor): string {
  const text = commandRanges(editor)
    .map((range) => editor.document.getText(range))
    .join("\n");
  // How a document ends its lines is the editor's affair; to a shell a CR would be a part of the command.
  const command = text.replaceAll("\r\n", "\n");
  return editor.selections.every((selection) => selection.isEmpty) ? command.trim() : command;
}
