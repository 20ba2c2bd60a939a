// Prepares a machine, starting from a clean clone, so that everything runs. Uses only Node's own modules, since nothing
// is installed yet when it starts.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, lstatSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

export const root = dirname(import.meta.dirname);

/** code-server is VS Code in a browser; its version determines the VS Code that the editor tests run in. */
const CODE_SERVER_VERSION = "4.139.1";
const CODE_SERVER_PACKAGES = [
  "build-essential",
  "libkrb5-dev",
  "libsecret-1-dev",
  "libx11-dev",
  "libxkbfile-dev",
  "pkg-config",
  "python3",
];

/**
 * Environment for child processes: the project's own tools, including Node 24, come first on the PATH. An outer npm's
 * user agent is removed: an inner npm would pass it on, and code-server's installation trusts it for the Node version.
 */
export function toolEnv() {
  const { npm_config_user_agent: _, ...env } = process.env;
  return { ...env, PATH: [join(root, "node_modules/.bin"), env.PATH].join(delimiter) };
}

/**
 * Runs a program with the project's tools on its PATH, showing its output unless `stdio` differs; rejects if it fails.
 */
export async function run(command, args, { cwd = root, env = toolEnv(), stdio = "inherit" } = {}) {
  const child = spawn(command, args, { cwd, env, stdio });
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (exitCode, signal) => resolve(exitCode ?? signal));
  });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
}

/** Runs a script's work; a failure ends the script with only its message, since a stack would not help. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** Installs the npm packages if they are missing or older than the lockfile. */
export async function installNodeModules() {
  if (modifiedAt("node_modules/.package-lock.json") >= modifiedAt("package-lock.json")) return;
  if (lstatSync(join(root, "node_modules"), { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new Error("node_modules is a link here and older than package-lock.json: install where it leads.");
  }
  await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  const node = spawnSync("node", ["--version"], { env: toolEnv(), encoding: "utf8" }).stdout ?? "";
  if (!node.startsWith("v24.")) throw new Error(`npm ci left no Node 24 in node_modules/.bin, but ${node}`);
}

/** Installs the named Debian packages that are missing. */
export async function installDebianPackages(names) {
  const missing = names.filter((name) => !isDebianPackageInstalled(name));
  if (missing.length === 0) return;
  const aptGet = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"];
  const sudo = process.getuid?.() === 0 ? [] : ["sudo"];
  if (!isOnPath("apt-get") || (sudo.length > 0 && !isOnPath("sudo"))) {
    throw new Error(`Missing here: ${missing.join(", ")}. Install them as root, then start again.`);
  }
  const [command, ...args] = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", ...aptGet];
  await run(command, [...args, "update"]);
  await run(command, [...args, "install", "--yes", "--no-install-recommends", ...missing]);
}

/**
 * Installs code-server once for all checkouts, outside of them, and returns the path of its entry file, to be run with
 * Node 24.
 */
export async function installCodeServer() {
  const cache = process.env.TEST_CACHE || join(homedir(), ".cache/hostrun");
  const folder = join(cache, `code-server-${CODE_SERVER_VERSION}`);
  const entry = join(folder, "node_modules/code-server/out/node/entry.js");
  if (existsSync(entry)) return entry;
  await installDebianPackages(CODE_SERVER_PACKAGES);
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, "installing-"));
  try {
    await writeFile(join(draft, "package.json"), JSON.stringify(codeServerPackage, null, 2));
    await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: draft });
    await rename(draft, folder).catch((error) => {
      if (!existsSync(entry)) throw error; // another installation finished first, which is as good
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return entry;
}

const codeServerPackage = {
  private: true,
  dependencies: { "code-server": CODE_SERVER_VERSION },
  allowScripts: { "code-server": true, argon2: true },
};

function modifiedAt(file) {
  return statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isDebianPackageInstalled(name) {
  const { stdout } = spawnSync("dpkg-query", ["--show", "--showformat=${db:Status-Status}", name], {
    encoding: "utf8",
  });
  return stdout?.trim() === "installed";
}

function isOnPath(command) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, command)));
}
