import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { openDirectory } from "./directory.ts";
import { freePort, openServerProcess } from "./server-process.ts";
import { warningsFile } from "./warnings.ts";

const run = promisify(execFile);

export interface CodeServerOptions {
  /** Further settings of VS Code. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Files of the opened folder, by their path in it. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether VS Code asks if the folder is trusted, and runs nothing of it before. */
  readonly asksForTrust?: boolean;
}

/** VS Code in a browser, with Hostrun installed from its VSIX, a home directory and a daemon of its own. */
export interface CodeServer extends AsyncDisposable {
  /** Opens the folder in a window. */
  readonly url: string;
  /** HOME of VS Code, of the extension and of the daemon that it starts. */
  readonly home: string;
  /** HOSTRUN_HOME of the same. */
  readonly stateDirectory: string;
  readonly folder: string;
  /** Where VS Code put the extension. */
  readonly extension: string;
  /** The command line of the same VSIX, on the same daemon. */
  hostrun(...args: string[]): Promise<unknown>;
}

const quiet = {
  "workbench.startupEditor": "none",
  "chat.disableAIFeatures": true,
  "window.restoreWindows": "all",
  "window.autoDetectColorScheme": true,
  "window.autoDetectHighContrast": true,
  "workbench.tips.enabled": false,
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.editor.empty.hint": "hidden",
};

function trustSettings(asks: boolean): Readonly<Record<string, unknown>> {
  return {
    "security.workspace.trust.enabled": asks,
    // The question in the way of everything else: the folder is opened as one that is not trusted.
    "security.workspace.trust.startupPrompt": "never",
  };
}

/** Starts it; disposing ends it with everything below it, the daemon too. */
export async function openCodeServer(options: CodeServerOptions = {}): Promise<CodeServer> {
  await using stack = new AsyncDisposableStack();
  const { asksForTrust = false } = options;
  const directory = stack.use(await openDirectory());
  const at = (name: string): string => directory.join(name);
  const [home, stateDirectory, folder] = [at("home"), at("state"), at("folder")];
  for (const name of ["home/.ssh", "folder", "data/User", "extensions"]) {
    await mkdir(at(name), { recursive: true, mode: 0o700 });
  }
  await writeFile(at("config.yaml"), "auth: none\n");
  await writeFile(
    at("data/User/settings.json"),
    JSON.stringify({ ...quiet, ...trustSettings(asksForTrust), ...options.settings }),
  );
  for (const [name, content] of Object.entries(options.files ?? {})) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const entry = await codeServerEntry();
  const places = [
    "--config",
    at("config.yaml"),
    "--user-data-dir",
    at("data"),
    "--extensions-dir",
    at("extensions"),
  ];
  // VS Code keeps what its extension host says to itself, and takes NODE_OPTIONS from it.
  const NODE_REDIRECT_WARNINGS = at(warningsFile);
  const env = environment({ HOME: home, HOSTRUN_HOME: stateDirectory, NODE_REDIRECT_WARNINGS });
  await run(process.execPath, [entry, ...places, "--install-extension", vsix()], { env });
  const [extension] = (await readdir(at("extensions"))).filter((name) => name.startsWith("hostrun."));
  if (extension === undefined) throw new Error("code-server did not install the VSIX");

  const cli = join(at("extensions"), extension, "dist/cli.cjs");
  const hostrun = (...args: string[]): Promise<unknown> => run(process.execPath, [cli, ...args], { env });
  // The daemon outlives the windows by design; here it ends with its test, after VS Code, which would start another one.
  stack.defer(async () => {
    await hostrun("stop").catch(() => undefined);
  });
  const port = await freePort();
  const server = await openServerProcess(
    [
      "/usr/bin/env",
      "-i",
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      process.execPath,
      entry,
      ...places,
      "--auth=none",
      `--bind-addr=127.0.0.1:${port}`,
      "--disable-telemetry",
      "--disable-update-check",
      ...(asksForTrust ? [] : ["--disable-workspace-trust"]),
      folder,
    ],
    { ready: /HTTP server listening on/ },
  );
  stack.use(server);
  const owned = stack.move();
  return {
    url: `http://127.0.0.1:${port}/?folder=${folder}`,
    home,
    stateDirectory,
    folder,
    extension: join(at("extensions"), extension),
    hostrun,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Nothing of the machine's own that could change what is tested, its SSH agent above all. */
function environment(own: Record<string, string>): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8", TZ: "UTC", ...own };
}

function vsix(): string {
  const file = process.env["TEST_VSIX"];
  if (file === undefined)
    throw new Error("TEST_VSIX names no VSIX: start the tests by `npm run test:editor`");
  return file;
}

async function codeServerEntry(): Promise<string> {
  const named = process.env["TEST_CODE_SERVER"];
  if (named !== undefined) return named;
  const cache = process.env["TEST_CACHE"] ?? join(homedir(), ".cache/hostrun");
  const folders = (await readdir(cache)).filter((name) => name.startsWith("code-server-")).sort();
  const entry = join(cache, folders.at(-1) ?? "", "node_modules/code-server/out/node/entry.js");
  if (!existsSync(entry))
    throw new Error("There is no code-server: start the tests by `npm run test:editor`");
  return entry;
}
