import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import * as vscode from "vscode";
import { homePath } from "./hosts/ssh-config-page.ts";
import { launcherText, isLauncher } from "./launcher-text.ts";

/** Where the command line is installed: a directory of the user's own that is usually in PATH. */
function launcherPath(): string {
  if (process.platform === "win32") {
    const local = process.env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local");
    return join(local, "hostrun", "bin", "hostrun.cmd");
  }
  const folders = [join(homedir(), ".local", "bin"), join(homedir(), "bin")];
  const inPath = folders.find((folder) => searchPath().includes(folder));
  return join(inPath ?? join(homedir(), ".local", "bin"), "hostrun");
}

/** Installs a launcher for the bundled command line where a shell finds it. Rejects with the reason on failure. */
export async function installCli(extensionUri: vscode.Uri): Promise<void> {
  const path = launcherPath();
  const there = await readFile(path, "utf8").catch(() => undefined);
  if (there !== undefined && !isLauncher(there)) {
    throw new Error(vscode.l10n.t("There is another {0}. Remove it first.", homePath(path)));
  }
  await write(path, extensionUri);
  const folder = dirname(path);
  if (searchPath().includes(folder)) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Installed hostrun as {0}.", homePath(path)));
    return;
  }
  const line = `export PATH="${folder.replace(homedir(), "$HOME")}:$PATH"`;
  const copy = vscode.l10n.t("Copy Line");
  const isWindows = process.platform === "win32";
  const answer = await vscode.window.showInformationMessage(
    isWindows
      ? vscode.l10n.t("Installed hostrun as {0}. Add its folder to your PATH.", path)
      : vscode.l10n.t(
          "Installed hostrun as {0}, which is not in the PATH of VS Code. If a shell does not find it, add this to its profile: {1}",
          homePath(path),
          line,
        ),
    copy,
  );
  if (answer === copy) await vscode.env.clipboard.writeText(isWindows ? folder : line);
}

/** Makes a launcher that was installed before start this version of the extension. Never rejects. */
export async function refreshCli(extensionUri: vscode.Uri): Promise<void> {
  const path = launcherPath();
  const there = await readFile(path, "utf8").catch(() => "");
  if (!isLauncher(there) || there === textOf(extensionUri)) return;
  await write(path, extensionUri).catch(() => undefined);
}

async function write(path: string, extensionUri: vscode.Uri): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, textOf(extensionUri));
  await chmod(path, 0o755);
}

function textOf(extensionUri: vscode.Uri): string {
  const script = vscode.Uri.joinPath(extensionUri, "dist", "cli.cjs").fsPath;
  return launcherText({ program: process.execPath, script }, process.platform === "win32");
}

function searchPath(): readonly string[] {
  return (process.env["PATH"] ?? "").split(delimiter);
}
