import * as vscode from "vscode";
import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import { formatBytes } from "../../protocol/size.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { oneLine, shortened } from "../plain-text.ts";
import { readRecordedText } from "./recorded-text.ts";

const scheme = "hostrun-output";
/** VS Code does not pass longer text to extensions, and becomes slow long before that. */
const maxShownBytes = 50 * 1024 * 1024;
/** Above this a diff takes many seconds. */
const maxComparedBytes = 10 * 1024 * 1024;
const endBytes = 1024 * 1024;

/** The recorded output of runs as read-only files, `hostrun-output:/RUN/NAME.log`. */
export class OutputDocuments implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #subscription: vscode.Disposable;
  /** Runs that had not ended when they were read: they are read again at their end. */
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

  /** Opens an editor with all of a run's output, or offers `save` if it is too long. Rejects with a Problem. */
  async open(runId: string, save: () => Promise<void>): Promise<void> {
    const run = await this.#daemon.call("getRun", { params: { run: runId } });
    const bytes = recordedBytes(run);
    if (bytes <= maxShownBytes) {
      await vscode.commands.executeCommand("vscode.open", outputUri(run), { preview: false });
      return;
    }
    const saving = vscode.l10n.t("Save Output…");
    const text = vscode.l10n.t(
      "The output is {0}, which is more than an editor can show.",
      formatBytes(bytes),
    );
    if ((await vscode.window.showInformationMessage(text, saving)) === saving) await save();
  }

  /** Opens a diff of two runs' outputs: above 10 MiB only on request, or of the ends only. Rejects with a Problem. */
  async compare(a: string, b: string): Promise<void> {
    const read = (run: string): Promise<Run> => this.#daemon.call("getRun", { params: { run } });
    const [one, other] = await Promise.all([read(a), read(b)]);
    const bytes = Math.max(recordedBytes(one), recordedBytes(other));
    const part = bytes <= maxComparedBytes ? "whole" : await askPart(bytes);
    if (part === undefined) return;
    const names = `${oneLine(one.host.name)} ↔ ${oneLine(other.host.name)}`;
    const title = part === "end" ? vscode.l10n.t("{0} (the last {1})", names, formatBytes(endBytes)) : names;
    await vscode.commands.executeCommand("vscode.diff", outputUri(one, part), outputUri(other, part), title);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const run = await this.#run(uri);
    return {
      type: vscode.FileType.File,
      ctime: Date.parse(run.createdAt),
      mtime: Date.parse(run.endedAt ?? run.createdAt),
      size: uri.query === "end" ? Math.min(endBytes, recordedBytes(run)) : recordedBytes(run),
      permissions: vscode.FilePermission.Readonly,
    };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const run = await this.#run(uri);
    if (run.state !== "ended") this.#unfinished.set(run.id, uri);
    const isCut = uri.query === "end" && recordedBytes(run) > endBytes;
    const range = isCut ? `bytes=-${endBytes}` : undefined;
    const { text } = await readRecordedText(this.#daemon, run.id, maxShownBytes, range);
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

async function askPart(bytes: number): Promise<"whole" | "end" | undefined> {
  const end = vscode.l10n.t("Compare the Ends");
  const whole = vscode.l10n.t("Compare All");
  const text = vscode.l10n.t(
    "The outputs are up to {0}, which takes a long time to compare.",
    formatBytes(bytes),
  );
  const items = bytes <= maxShownBytes ? [end, whole] : [end];
  const answer = await vscode.window.showInformationMessage(text, ...items);
  if (answer === undefined) return undefined;
  return answer === end ? "end" : "whole";
}

function outputUri(run: Run, part: "whole" | "end" = "whole"): vscode.Uri {
  const name = `${oneLine(run.host.name)} ${shortened(run.command, 40)}`.replaceAll(/[/\\]/g, "∕");
  return vscode.Uri.from({ scheme, path: `/${run.id}/${name}.log`, query: part === "end" ? part : "" });
}
