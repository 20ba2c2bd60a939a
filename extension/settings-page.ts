import * as vscode from "vscode";

/**
 * Opens the settings of Hostrun, or one of them by its name, e.g. `hostKeyPolicy`. They all have machine scope: a
 * remote window lists them only under Remote.
 */
export async function openSettings(name?: string): Promise<void> {
  const query = name === undefined ? "@ext:hostrun.hostrun" : `@id:hostrun.${name}`;
  const command =
    vscode.env.remoteName === undefined
      ? "workbench.action.openSettings"
      : "workbench.action.openRemoteSettings";
  await vscode.commands.executeCommand(command, { query });
}
