import * as vscode from "vscode";
import * as z from "zod";
import { parseJson } from "../../client/open-request.ts";
import { NewSnippet } from "../../protocol/snippet.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { Daemon } from "../daemon/daemon.ts";

export interface ListedSnippet {
  readonly snippet: NewSnippet;
  /** The id of a user's own snippet; null: it belongs to the workspace. */
  readonly id: number | null;
  /** The folder shown besides its name if it belongs to the workspace. */
  readonly folder: string | undefined;
}

export interface SnippetList {
  readonly snippets: readonly ListedSnippet[];
  /** What is invalid in the workspace's files, a sentence each. */
  readonly problems: readonly string[];
}

const fileName = ".hostrun/snippets.json";
const maxFileBytes = 1024 * 1024;
const maxOfFile = 1000;
const SnippetFile = z.strictObject({ snippets: z.array(z.unknown()).max(maxOfFile) });

/** The user's own snippets, and those of the workspace if it is trusted. Rejects with a Problem. */
export async function listSnippets(daemon: Daemon): Promise<SnippetList> {
  const { items } = await daemon.call("listSnippets");
  const own = items.map(({ id, createdAt: _created, updatedAt: _updated, ...snippet }) => ({
    snippet,
    id,
    folder: undefined,
  }));
  const folders = vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : [];
  const read = await Promise.all(folders.map(readFolder));
  return {
    snippets: [...own, ...read.flatMap(({ snippets }) => snippets)],
    problems: read.flatMap(({ problems }) => problems),
  };
}

/** An invalid entry does not affect the others. */
async function readFolder({ uri, name }: vscode.WorkspaceFolder): Promise<SnippetList> {
  const file = vscode.Uri.joinPath(uri, ...fileName.split("/"));
  const place = `${name}/${fileName}`;
  const none = (problem: string): SnippetList => ({ snippets: [], problems: [problem] });
  const stat = await vscode.workspace.fs.stat(file).then(
    (found) => found,
    () => undefined,
  );
  if (stat === undefined) return { snippets: [], problems: [] };
  if ((stat.type & vscode.FileType.File) === 0 || stat.size > maxFileBytes)
    return none(vscode.l10n.t("{0} is not a regular file of at most 1 MiB.", place));
  const text = Buffer.from(await vscode.workspace.fs.readFile(file)).toString("utf8");
  const parsed = SnippetFile.safeParse(parseJson(text));
  if (!parsed.success) return none(vscode.l10n.t('{0} is not of the form {"snippets": [ … ]}.', place));
  const problems: string[] = [];
  const snippets = parsed.data.snippets.flatMap((entry, at): ListedSnippet[] => {
    const result = NewSnippet.safeParse(entry);
    if (result.success) return [{ snippet: result.data, id: null, folder: name }];
    problems.push(vscode.l10n.t("{0}, entry {1}: {2}.", place, at + 1, issueOf(result.error)));
    return [];
  });
  return { snippets, problems };
}

/** The first issue, and its location. */
export function issueOf({ issues }: z.ZodError): string {
  const [issue] = issues;
  return visibleLine(`${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim(), 300);
}
