import * as vscode from "vscode";
import { parseJson } from "../../client/open-request.ts";
import { NewSnippet } from "../../protocol/snippet.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { asProblem } from "../problem-report.ts";
import { issueOf } from "./listed-snippets.ts";

const scheme = "hostrun-snippet";

/** The user's own snippets as JSON files, `/ID/NAME.json`: saving one updates the snippet. */
export class SnippetFiles implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #registered: vscode.Disposable;
  readonly onDidChangeFile = this.#changed.event;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
    this.#registered = vscode.workspace.registerFileSystemProvider(scheme, this, { isCaseSensitive: true });
  }

  /** Shows a snippet in an editor. */
  async open(id: number, name: string): Promise<void> {
    const path = `/${id}/${name.replaceAll(/[/\\]/g, "_")}.json`;
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.from({ scheme, path }));
  }

  watch(): vscode.Disposable {
    return { dispose: () => undefined };
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { text, changedAt } = await this.#read(uri);
    return { type: vscode.FileType.File, ctime: changedAt, mtime: changedAt, size: text.length };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.#read(uri)).text;
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const value = parseJson(Buffer.from(content).toString("utf8"));
    if (value === undefined) throw new vscode.FileSystemError(vscode.l10n.t("This is not JSON."));
    const parsed = NewSnippet.safeParse(value);
    if (!parsed.success)
      throw new vscode.FileSystemError(vscode.l10n.t("This is not a snippet: {0}", issueOf(parsed.error)));
    try {
      await this.#daemon.call("updateSnippet", { params: { snippet: idOf(uri) }, body: parsed.data });
    } catch (failure) {
      throw new vscode.FileSystemError(asProblem(failure).message);
    }
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }

  readDirectory(): [] {
    return [];
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    vscode.Disposable.from(this.#registered, this.#changed).dispose();
  }

  async #read(uri: vscode.Uri): Promise<{ text: Buffer; changedAt: number }> {
    const { items } = await this.#daemon.call("listSnippets");
    const found = items.find(({ id }) => String(id) === idOf(uri));
    if (found === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    const { id: _, createdAt: _at, updatedAt, ...fields } = found;
    return { text: Buffer.from(`${JSON.stringify(fields, null, 2)}\n`), changedAt: Date.parse(updatedAt) };
  }
}

function idOf({ path }: vscode.Uri): string {
  return path.split("/")[1] ?? "";
}
