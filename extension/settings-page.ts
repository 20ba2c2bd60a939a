import * as vscode from "vscode";

/**
 * Shows the settings of Hostrun, or one of them by its name, e.g. `hostKeyPolicy`. All are of the machine: a window on a
 * remote one lists them under Remote only.
 */
export async function openSettings(name?: string): Promise<void> {
  const query = name === undefined ? "@ext:hostrun.hostrun" : `@id:hostrun.${name}`;
  const command =
    vscode.env.remoteName === undefined
      ? "workbench.action.openSettings"
      : "workbench.action.openRemoteSettings";
  await vscode.commands.executeCommand(command, { query });
}
