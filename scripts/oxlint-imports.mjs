// The layering of docs/architecture.md as a lint rule: who may import whom. It covers static and dynamic imports,
// re-exports and types.
import { isBuiltin } from "node:module";
import { dirname, join, relative, sep } from "node:path";

const root = dirname(import.meta.dirname);
const USE_CASES = [
  "daemon/diff",
  "daemon/runs",
  "daemon/jobs",
  "daemon/hosts",
  "daemon/keys",
  "daemon/prompts",
  "daemon/settings",
  "daemon/snippets",
];

/**
 * What each folder may import besides itself: other folders, folders of which only types, and packages ("node" stands for
 * every Node builtin). A file belongs to the longest name that matches it; a file that matches none is an error.
 */
const FOLDERS = {
  protocol: { packages: ["zod"] },
  "state-directory": { folders: ["protocol"], packages: ["node"] },
  client: { folders: ["protocol", "state-directory", "package.json"], packages: ["node"] },
  terminal: {},
  webview: { folders: ["protocol", "terminal"], packages: ["@xterm", "@vscode/codicons", "zod"] },
  extension: { folders: ["protocol", "client", "package.json"], packages: ["node", "vscode", "zod"] },
  cli: {
    folders: ["protocol", "state-directory", "client", "terminal", "package.json"],
    packages: ["node", "zod"],
  },
  "daemon/core": { folders: ["protocol", "state-directory"], packages: ["node"] },
  "daemon/transport": below(),
  "daemon/worker": below("daemon/transport"),
  "daemon/runs": useCase(),
  "daemon/runs/command": below("daemon/transport"),
  "daemon/runs/record": below("daemon/transport"),
  "daemon/runs/terminate": below("daemon/transport", "daemon/runs/command", "daemon/runs/record"),
  "daemon/runs/durable": below(
    "daemon/transport",
    "daemon/runs/command",
    "daemon/runs/record",
    "daemon/runs/terminate",
    "daemon/runs/run-execution.ts",
  ),
  "daemon/jobs": useCase(),
  "daemon/hosts": useCase("zod"),
  "daemon/keys": useCase(),
  "daemon/prompts": useCase(),
  "daemon/snippets": useCase(),
  "daemon/settings": useCase("zod"),
  "daemon/ssh/failure.ts": ssh(),
  "daemon/ssh/stage.ts": ssh(),
  "daemon/ssh/ssh2-internals.ts": ssh(),
  "daemon/ssh/wire-string.ts": ssh(),
  "daemon/ssh/host-keys": ssh(),
  "daemon/ssh/auth": ssh("host-keys"),
  "daemon/ssh/connect": ssh("host-keys", "auth"),
  "daemon/ssh/channel": ssh("connect"),
  "daemon/ssh/pool": ssh("host-keys", "auth", "connect", "channel"),
  "daemon/openssh": ssh("host-keys", "auth", "connect"),
  "daemon/store": adapter("better-sqlite3", "zod"),
  "daemon/cache": adapter("ioredis", "lru-cache", "rate-limiter-flexible", "zod"),
  "daemon/http": {
    folders: ["protocol", "state-directory", "daemon/core", ...USE_CASES],
    typesOf: ["daemon/transport"],
    packages: ["node", "koa", "koa-router", "zod"],
  },
  "daemon/compose": {
    folders: ["protocol", "state-directory", "daemon", "package.json"],
    packages: ["node"],
  },
  "daemon/compose.ts": {
    folders: ["protocol", "state-directory", "daemon", "package.json"],
    packages: ["node"],
  },
  "daemon/main.ts": {
    folders: ["protocol", "daemon/core", "daemon/compose.ts", "package.json"],
    packages: ["node"],
  },
  "daemon/diff": useCase("diff"),
  "daemon/store-task.ts": { folders: ["protocol", "daemon/core", "daemon/store"], packages: ["node"] },
  "daemon/checkpointer.ts": { packages: ["node", "better-sqlite3"] },
  "daemon/differ.ts": { folders: ["daemon/diff"], packages: ["node"] },
  "daemon/launcher.ts": { folders: ["protocol", "state-directory"], packages: ["node"] },
  "daemon/key-opener.ts": { folders: ["daemon/ssh/auth"], packages: ["node"] },
  "daemon/reader.ts": { folders: ["daemon/core"], packages: ["node"] },
  "scripts/openapi.mjs": { folders: ["protocol/openapi.ts"], packages: ["node"] },
  scripts: { packages: ["node"] },
  "esbuild.mjs": { folders: ["scripts"], packages: ["node", "esbuild"] },
  "vitest.config.ts": { packages: ["node", "vitest"] },
  test: { everything: true },
  bench: { everything: true },
  types: { everything: true },
};

/** Within the daemon, only the entry points of processes may access `process`. */
const PROCESS_READERS = /^(?!daemon\/)|^daemon\/(main|reader|store-task)\.ts$/;

/** Allows the layers below the use cases, and the named ones. */
function below(...folders) {
  return { folders: ["protocol", "state-directory", "daemon/core", ...folders], packages: ["node"] };
}

function useCase(...packages) {
  return { ...below("daemon/transport", ...USE_CASES), packages: ["node", ...packages] };
}

/** A folder of the ssh2 transport: it may import the transport interfaces, no use case, and only the named neighbours. */
function ssh(...folders) {
  const files = ["failure.ts", "ssh2-internals.ts", "stage.ts", "wire-string.ts"];
  const paths = [...files, ...folders].map((name) => `daemon/ssh/${name}`);
  return { ...below("daemon/transport", ...paths), packages: ["node", "ssh2", "lru-cache"] };
}

function adapter(...packages) {
  return {
    folders: ["protocol", "state-directory", "daemon/core"],
    typesOf: ["daemon/transport", ...USE_CASES],
    packages: ["node", ...packages],
  };
}

const imports = {
  create(context) {
    const file = inProject(context.filename);
    const folder = folderOf(file);
    const check = (node, specifier, typeOnly) => {
      const problem = folder ? problemOf(file, folder, specifier, typeOnly) : `${file} is in no known folder`;
      if (problem) context.report({ node, message: `${problem} (see docs/architecture.md)` });
    };
    const checkStatement = (node) => {
      if (node.source) check(node, node.source.value, isTypeOnly(node));
    };
    return {
      ImportDeclaration: checkStatement,
      ExportNamedDeclaration: checkStatement,
      ExportAllDeclaration: checkStatement,
      ImportExpression: (node) => check(node, node.source.value, false),
      TSImportType: (node) => check(node, (node.source ?? node.argument).value, true),
    };
  },
};

function problemOf(file, folder, specifier, typeOnly) {
  const rules = FOLDERS[folder];
  if (rules.everything) return undefined;
  if (typeof specifier !== "string") return "An import must name its module literally";
  if (!specifier.startsWith(".")) return problemOfPackage(file, rules, specifier, folder);
  const target = inProject(join(dirname(join(root, file)), specifier));
  const allowed = [folder, ...(rules.folders ?? []), ...(typeOnly ? (rules.typesOf ?? []) : [])];
  if (allowed.some((name) => isWithin(target, name))) return undefined;
  if (rules.typesOf?.some((name) => isWithin(target, name)))
    return `${folder} may import only types of ${target}`;
  return `${folder} may not import ${target}`;
}

function problemOfPackage(file, { packages = [] }, specifier, folder) {
  if (specifier === "node:process" && !PROCESS_READERS.test(file))
    return `${file} may not import ${specifier}`;
  const name = isBuiltin(specifier) ? "node" : specifier;
  return packages.some((allowed) => isWithin(name, allowed))
    ? undefined
    : `${folder} may not import ${specifier}`;
}

function isTypeOnly({ importKind, exportKind, specifiers }) {
  if (importKind === "type" || exportKind === "type") return true;
  const kinds = (specifiers ?? []).map((specifier) => specifier.importKind ?? specifier.exportKind);
  return kinds.length > 0 && kinds.every((kind) => kind === "type");
}

function folderOf(file) {
  const names = Object.keys(FOLDERS).filter((name) => isWithin(file, name));
  return names.sort((a, b) => b.length - a.length)[0];
}

function isWithin(path, name) {
  return path === name || path.startsWith(`${name}/`);
}

function inProject(path) {
  return relative(root, path).split(sep).join("/");
}

export default { meta: { name: "architecture" }, rules: { imports } };
