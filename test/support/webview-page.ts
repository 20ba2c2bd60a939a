import { once } from "node:events";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { FromPanel } from "../../protocol/panel.ts";
import type { ToPanel } from "../../protocol/panel.ts";
import { openBrowser } from "./browser.ts";
import { openDirectory } from "./directory.ts";
import { type ThemeName, themes } from "./vscode-themes.ts";

const root = join(import.meta.dirname, "../..");
const nonce = "dGVzdA";

/** A browser and the built webview behind a web server of its own: what VS Code gives a webview. */
export interface WebviewHost extends AsyncDisposable {
  open(options?: { theme?: ThemeName; width?: number; height?: number }): Promise<WebviewPage>;
}

/** One webview in a page, with the extension's end of it in the test's hands. */
export interface WebviewPage extends AsyncDisposable {
  readonly page: Page;
  /** What the webview said so far, but for where the keyboard is: that is the browser's. */
  readonly posted: readonly FromPanel[];
  /** What it keeps by `setState`. */
  readonly kept: readonly unknown[];
  /** Errors of the page, and what its CSP refused; a test expects none. */
  readonly complaints: readonly string[];
  send(...messages: ToPanel[]): Promise<void>;
  /** Sends what need not be a message at all. */
  sendAnything(message: unknown): Promise<void>;
  /** The first message that fits, also one that came already. */
  said<Type extends FromPanel["type"]>(type: Type): Promise<Extract<FromPanel, { type: Type }>>;
  /** When the terminal's rows hold this text. */
  shows(text: string): Promise<void>;
  useTheme(theme: ThemeName): Promise<void>;
  /** What screen readers are told of: the texts of the page's accessibility tree, in order. */
  spoken(): Promise<readonly string[]>;
}

export async function openWebviewHost(): Promise<WebviewHost> {
  const pages = await openBundledPages();
  return {
    open: ({ theme = "dark", width = 1180, height = 360 } = {}) =>
      openPage(pages.browser, pages.url(theme, "terminal"), { width, height }),
    [Symbol.asyncDispose]: () => pages[Symbol.asyncDispose](),
  };
}

export interface BundledPages extends AsyncDisposable {
  readonly browser: Browser;
  readonly url: (theme: ThemeName, bundle: "terminal" | "job") => string;
}

export async function openBundledPages(): Promise<BundledPages> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  await bundle(directory.path);
  const origin = await serve(directory.path, stack);
  const browser = await openBrowser();
  stack.defer(() => browser.close());
  const owned = stack.move();
  return {
    browser,
    url: (theme, name) => `${origin}/${theme}/${name}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** As esbuild.mjs does it, from the sources of this moment. */
async function bundle(outdir: string): Promise<void> {
  await build({
    absWorkingDir: root,
    bundle: true,
    platform: "browser",
    format: "iife",
    target: "chrome120",
    entryPoints: { terminal: "webview/terminal.ts", job: "webview/job/job.ts" },
    outdir,
    assetNames: "[name]",
    loader: { ".ttf": "file" },
  });
}

const contentTypes: Record<string, string> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".ttf": "font/ttf",
};

async function serve(directory: string, stack: AsyncDisposableStack): Promise<string> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const type = contentTypes[extname(path)];
    if (type === undefined) {
      const origin = `http://${request.headers.host ?? ""}`;
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.setHeader(
        "Content-Security-Policy",
        `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${origin} 'unsafe-inline'; font-src ${origin}`,
      );
      const [, themeName = "", bundleName = ""] = path.split("/");
      response.end(html(themeName, bundleName));
      return;
    }
    readFile(join(directory, basename(path))).then(
      (content) => response.setHeader("Content-Type", type).end(content),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the test's server has no port");
  return `http://127.0.0.1:${address.port}`;
}

/** The extension's shell, with what VS Code puts around it. */
function html(themeName: string, bundleName: string): string {
  const theme = isTheme(themeName) ? themeName : "dark";
  return `<!doctype html><html style="${variables(theme)}"><head>
<style>@layer vscode-default {
  body { background-color: transparent; color: var(--vscode-editor-foreground);
    font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); margin: 0; padding: 0 20px; }
  code { color: var(--vscode-textPreformat-foreground); background-color: #888; padding: 1px 3px; }
}</style>
<link rel="stylesheet" href="/${bundleName}.css"></head>
<body class="${themes[theme].bodyClass}"><div id="app"></div>
<script nonce="${nonce}">
window.acquireVsCodeApi = () => ({ postMessage: (message) => posted(message), setState: (state) => kept(state) });
addEventListener("securitypolicyviolation", (event) => complained(event.violatedDirective + " " + event.blockedURI));
</script>
<script nonce="${nonce}" src="/${bundleName}.js"></script></body></html>`;
}

function isTheme(name: string): name is ThemeName {
  return Object.hasOwn(themes, name);
}

function variables(theme: ThemeName): string {
  const fonts = {
    "font-family": "system-ui, 'DejaVu Sans', sans-serif",
    "font-size": "13px",
    "editor-font-family": "'DejaVu Sans Mono', monospace",
  };
  return Object.entries({ ...fonts, ...themes[theme].colours })
    .map(([name, value]) => `--vscode-${name}: ${value};`)
    .join(" ");
}

async function openPage(
  browser: Browser,
  url: string,
  viewport: { width: number; height: number },
): Promise<WebviewPage> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  // A busy machine takes its time.
  page.setDefaultTimeout(120_000);
  const posted: FromPanel[] = [];
  const kept: unknown[] = [];
  const complaints: string[] = [];
  let heard = (): void => {};
  await page.exposeFunction("posted", (message: unknown) => {
    const parsed = FromPanel.parse(message);
    if (parsed.type === "focused") return;
    posted.push(parsed);
    heard();
  });
  await page.exposeFunction("kept", (state: unknown) => kept.push(state));
  await page.exposeFunction("complained", (text: string) => complaints.push(text));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (line) => {
    if (line.type() === "error") complaints.push(line.text());
  });
  // An expression as text: what runs inside the page is not of this program, nor are its types.
  const sendAnything = (message: unknown): Promise<void> =>
    page.evaluate<void>(`window.postMessage(${JSON.stringify(message)}, "*")`);
  const said: WebviewPage["said"] = async (type) => {
    for (;;) {
      for (const message of posted) if (isOfType(message, type)) return message;
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
  };
  await page.goto(url);
  await said("ready");
  return {
    page,
    posted,
    kept,
    complaints,
    sendAnything,
    said,
    send: async (...messages) => {
      for (const message of messages) await sendAnything(message);
    },
    shows: (text) => page.locator(".xterm-rows").filter({ hasText: text }).waitFor(),
    useTheme: (theme) =>
      page.evaluate<void>(`document.documentElement.setAttribute("style", ${JSON.stringify(variables(theme))});
        document.body.className = ${JSON.stringify(themes[theme].bodyClass)};`),
    spoken: () => spokenTexts(page),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

async function spokenTexts(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const texts = (id: string | undefined): string[] => {
    const node = byId.get(id ?? "");
    if (node === undefined) return [];
    if (!node.ignored && node.role?.value === "StaticText") return [String(node.name?.value)];
    return (node.childIds ?? []).flatMap(texts);
  };
  return texts(nodes[0]?.nodeId);
}

function isOfType<Type extends FromPanel["type"]>(
  message: FromPanel,
  type: Type,
): message is Extract<FromPanel, { type: Type }> {
  return message.type === type;
}
