import * as vscode from "vscode";
import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import { formatBytes } from "../../protocol/size.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { oneLine, shortened } from "../plain-text.ts";
import { readRecordedText } from "./recorded-text.ts";

const scheme = "hostrun-output";
/** VS Code shows no larger text to extensions, and is slow with it long before. */
const maxShownBytes = 50 * 1024 * 1024;

/** The recorded output of runs as read-only files, `hostrun-output:/RUN/NAME.log`. */
export class OutputDocuments implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #subscription: vscode.Disposable;
  /** Of runs that went on when they were read: they are read again at their end. */
  readonly #unfinished = new Map<string, vscode.Uri>();

  readonly onDidChangeFile = this.#changed.event;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
    const reason = vscode.l10n.t("The recorded output of a run cannot be edited.");
    const isReadonly = new vscode.MarkdownString(reason);
    this.#subscription = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.registerFileSystemProvider(scheme, this, { isReadonly, isCaseSensitive: true }),
      daemon.onDidChange((change) => {
        if (change.type === "runChanged" && change.run.state === "ended") this.#ended(change.run.id);
      }),
    );
  }

  /** Opens an editor on all of a run's output, or offers `save` where it is too long. Rejects with a Problem. */
  async open(runId: string, save: () => Promise<void>): Promise<void> {
    const run = await this.#daemon.call("getRun", { params: { run: runId } });
    const bytes = recordedBytes(run);
    if (bytes <= maxShownBytes) {
      await vscode.commands.executeCommand("vscode.open", outputUri(run), { preview: false });
      return;
    }
    const saving = vscode.l10n.t("Save Output…");
    const text = vscode.l10n.t("The output has {0}, which is more than an editor shows.", formatBytes(bytes));
    if ((await vscode.window.showInformationMessage(text, saving)) === saving) await save();
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const run = await this.#run(uri);
    return {
      type: vscode.FileType.File,
      ctime: Date.parse(run.createdAt),
      mtime: Date.parse(run.endedAt ?? run.createdAt),
      size: recordedBytes(run),
      permissions: vscode.FilePermission.Readonly,
    };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const run = await this.#run(uri);
    if (run.state !== "ended") this.#unfinished.set(run.id, uri);
    const { text } = await readRecordedText(this.#daemon, run.id, maxShownBytes);
    return Buffer.from(text, "utf8");
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.FileNotFound(uri);
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #ended(runId: string): void {
    const uri = this.#unfinished.get(runId);
    if (uri === undefined) return;
    this.#unfinished.delete(runId);
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }

  async #run(uri: vscode.Uri): Promise<Run> {
    try {
      return await this.#daemon.call("getRun", { params: { run: uri.path.split("/")[1] ?? "" } });
    } catch (failure) {
      const gone = failure instanceof Problem && failure.code === "run_unknown";
      throw gone ? vscode.FileSystemError.FileNotFound(uri) : failure;
    }
  }
}

function recordedBytes(run: Run): number {
  return run.stdoutBytes + run.stderrBytes - run.truncatedBytes;
}

function outputUri(run: Run): vscode.Uri {
  const name = `${oneLine(run.host.name)} ${shortened(run.command, 40)}`.replaceAll(/[/\\]/g, "∕");
  return vscode.Uri.from({ scheme, path: `/${run.id}/${name}.log` });
}
