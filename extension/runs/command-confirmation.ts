import * as vscode from "vscode";
import { FromConfirmation } from "../../protocol/confirmation.ts";
import type { Host } from "../../protocol/host.ts";
import { visible } from "../../protocol/visible.ts";
import { whereLabel } from "../hosts/host-labels.ts";
import type { HostList } from "../hosts/host-list.ts";
import { oneLine } from "../plain-text.ts";
import { escaped, pageHtml, webviewRoot } from "../terminal/panel-html.ts";
import { tabIcon } from "../terminal/tab-icon.ts";
import { lineCount } from "./command-choice.ts";

/** The privileges of a command that the question mentions. */
export interface CommandRights {
  readonly sudo?: boolean | undefined;
}

/** Asks whether a command may be run on its host; true if it may. */
export type ConfirmCommand = (
  host: Host | undefined,
  command: string,
  rights: CommandRights,
) => Promise<boolean>;

/**
 * Asks in a tab before a command goes to a production host: a modal dialog shows at most 16 lines of a command, and a
 * stray Enter presses its first button.
 */
export function createConfirmation(extension: vscode.Uri, hosts: HostList): ConfirmCommand {
  return async (host, command, rights) => {
    if (host === undefined) return true;
    const marked = confirmedAs(hosts, await hosts.located(host));
    return marked === undefined || askInTab(extension, questionOf(host, marked, command, rights));
  };
}

/** The production host that makes a confirmation necessary for this one; undefined: none does. */
export function confirmedAs(hosts: HostList, host: Host): Host | undefined {
  const asks = vscode.workspace.getConfiguration("hostrun").get("confirmProduction", true);
  return asks ? hosts.production(host) : undefined;
}

export interface Question {
  /** The title of the tab. */
  readonly title: string;
  readonly heading: string;
  readonly where: string;
  readonly command: string;
  /** The hosts by name, each with its command if they differ. */
  readonly hosts?: readonly {
    readonly name: string;
    readonly production: boolean;
    readonly command?: string | undefined;
  }[];
  /** The label of the button. */
  readonly run: string;
  /** Whether Enter runs nothing at first. */
  readonly warns: boolean;
}

/** Closing the tab counts as no. */
export function askInTab(extension: vscode.Uri, question: Question): Promise<boolean> {
  const { title } = question;
  const panel = vscode.window.createWebviewPanel("hostrun.confirm", title, vscode.ViewColumn.Active, {
    enableScripts: true,
    localResourceRoots: [webviewRoot(extension)],
  });
  panel.iconPath = tabIcon(extension);
  return new Promise((resolve) => {
    panel.onDidDispose(() => resolve(false));
    panel.webview.onDidReceiveMessage((message: unknown) => {
      const { success, data } = FromConfirmation.safeParse(message);
      if (!success) return;
      resolve(data.run);
      panel.dispose();
    });
    panel.webview.html = pageHtml(panel.webview, extension, {
      title,
      body: questionHtml(question),
      bundle: "confirmation",
    });
  });
}

/** `marked`: the host that is marked as production: the same, or another one on its machine. */
function questionOf(host: Host, marked: Host, command: string, rights: CommandRights): Question {
  const name = oneLine(host.name);
  const machine =
    marked.name === host.name ? [] : [vscode.l10n.t("the machine of {0}", oneLine(marked.name))];
  return {
    title: vscode.l10n.t("Run on {0}?", name),
    heading: vscode.l10n.t("Run this on the production host {0}?", name),
    where: [whereLabel(host, true), ...machine, ...rightsLabels(rights), ...sizeLabels(command)].join(" · "),
    command,
    run: vscode.l10n.t("Run on {0}", name),
    warns: true,
  };
}

export function rightsLabels({ sudo = false }: CommandRights): string[] {
  return sudo ? [vscode.l10n.t("as root, by sudo")] : [];
}

/** The number of lines, for a command of several. */
export function sizeLabels(command: string): string[] {
  const lines = lineCount(command);
  return lines === 1 ? [] : [vscode.l10n.t("{0} lines", lines)];
}

function questionHtml({ heading, where, command, hosts = [], run, warns }: Question): string {
  const text = shownCommand(command);
  const mark = warns ? '<span aria-hidden="true">⚠︎</span> ' : "";
  return `<main>
<div role="alertdialog" aria-labelledby="title" aria-describedby="where command"${warns ? "" : " data-calm"}>
<h1 id="title">${mark}${escaped(heading)}</h1>
<p id="where">${escaped(where)}</p>
${hosts.length === 0 ? "" : hostsHtml(hosts)}
<pre id="command" tabindex="0" aria-label="${escaped(vscode.l10n.t("Command"))}">${escaped(text)}</pre>
<div class="buttons">
<button id="leave" type="button">${escaped(vscode.l10n.t("Don't Run"))}</button>
<button id="run" type="button" disabled>${escaped(run)}</button>
<span id="hint">${escaped(vscode.l10n.t("Scroll to the end of the command to run it."))}</span>
</div>
</div>
</main>`;
}

function shownCommand(command: string): string {
  return command.split("\n").map(visible).join("\n");
}

function hostsHtml(hosts: NonNullable<Question["hosts"]>): string {
  const production = escaped(vscode.l10n.t("production"));
  const items = hosts.map((host) => {
    const own = host.command === undefined ? "" : `<code>${escaped(shownCommand(host.command))}</code>`;
    const mark = host.production ? ` <b>${production}</b>` : "";
    return `<li>${escaped(oneLine(host.name))}${mark}${own}</li>`;
  });
  return `<ul id="hosts" tabindex="0" aria-label="${escaped(vscode.l10n.t("Hosts"))}">${items.join("")}</ul>`;
}
