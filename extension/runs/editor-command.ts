import type * as vscode from "vscode";

/**
 * What an editor offers as a command: its selections as they are, one below the other, or the line of the cursor
 * when nothing is selected. "" when there is nothing.
 */
export function editorCommand(
  editor: Pick<vscode.TextEditor, "document" | "selections" | "selection">,
): string {
  const selected = editor.selections.filter((selection) => !selection.isEmpty);
  if (selected.length === 0) return editor.document.lineAt(editor.selection.active.line).text.trim();
  const text = selected.map((selection) => editor.document.getText(selection)).join("\n");
  // How a document ends its lines is the editor's affair; to a shell a CR would be a part of the command.
  return text.replaceAll("\r\n", "\n");
}
