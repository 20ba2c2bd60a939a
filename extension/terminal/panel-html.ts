import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { tabIcon } from "./tab-icon.ts";

/** The directory of the webview's bundle; the webview may load nothing else. */
export function webviewRoot(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, "dist", "webview");
}

interface Page {
  readonly title: string;
  /** HTML. */
  readonly body: string;
  /** The name of the page's script and style sheet. */
  readonly bundle: "terminal" | "confirmation" | "dashboard" | "job";
}

/** Sets up the tab of a run, and loads its page. */
export function preparePage(panel: vscode.WebviewPanel, extension: vscode.Uri): void {
  panel.iconPath = tabIcon(extension);
  panel.webview.options = { enableScripts: true, localResourceRoots: [webviewRoot(extension)] };
  panel.webview.html = panelHtml(panel.webview, extension, panel.title);
}

/** The page of a run. */
export function panelHtml(webview: vscode.Webview, extension: vscode.Uri, title: string): string {
  return pageHtml(webview, extension, { title, body: '<div id="app"></div>', bundle: "terminal" });
}

/** A page with our own script and styles, and no network access. */
export function pageHtml(webview: vscode.Webview, extension: vscode.Uri, page: Page): string {
  const { title, body, bundle } = page;
  const at = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(webviewRoot(extension), name)).toString();
  const nonce = randomBytes(16).toString("base64url");
  // xterm.js positions and colours its cells with style attributes and rules that it creates at run time.
  const inline = bundle === "terminal" ? " 'unsafe-inline'" : "";
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}${inline}`,
    `font-src ${webview.cspSource}`,
  ].join("; ");
  return `<!doctype html>
<html lang="${escaped(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${at(`${bundle}.css`)}">
<title>${escaped(title)}</title>
</head>
<body>
${body}
<script nonce="${nonce}" src="${at(`${bundle}.js`)}"></script>
</body>
</html>`;
}

/** A page with only a message, for when there is no run to show. */
export function messageHtml(title: string, detail: string): string {
  return `<!doctype html>
<html lang="${escaped(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body { padding: 1.5em; line-height: 1.5 } h1 { font-size: 1.2em; font-weight: 600 }</style>
<title>${escaped(title)}</title>
</head>
<body role="alert"><h1>${escaped(title)}</h1><p>${escaped(detail)}</p></body>
</html>`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for HTML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
