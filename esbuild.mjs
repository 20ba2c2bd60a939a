// Builds dist/: the extension, the daemon, the command line and the webviews, with the native parts
// and data files they read at run time. `--target <vsce target>` builds for another platform, `--out <folder>`
// elsewhere; `--only <bundle>` (daemonLauncher, daemon, reader, keyOpener, differ, checkpointer, storeTask, launcher, cli, extension, webview) renews that one in what is built.
import { existsSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { buildId } from "./scripts/build-id.mjs";
import { hostTarget, prebuildFor } from "./scripts/targets.mjs";
import { writeNotices } from "./scripts/notices.mjs";

const root = import.meta.dirname;
const { target, out, only } = parseArgs({
  options: {
    target: { type: "string", default: hostTarget() },
    out: { type: "string", default: join(root, "dist") },
    only: { type: "string", multiple: true },
  },
}).values;

/** Compiled add-ons of dependencies that work without them: left out, so that every platform runs the same code. */
const withoutNativeAddons = {
  name: "without-native-addons",
  setup(plugin) {
    const filter = /\.node$|^(cpu-features|bufferutil|utf-8-validate)$/;
    plugin.onResolve({ filter }, ({ path }) => ({ path, namespace: "left-out" }));
    plugin.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not part of the bundle`)});`,
    }));
  },
};

/**
 * The launcher tells nobody what is wrong with the state directory, which whoever needs it later does; and what it is made of
 * is compiled anew each time: so it has neither their words nor the names of its functions.
 */
const withoutWords = {
  name: "without-words",
  setup(plugin) {
    plugin.onLoad({ filter: /[\\/]protocol[\\/]problem\.ts$/ }, () => ({
      contents: "export class Problem extends Error {}",
    }));
  },
};

const common = { absWorkingDir: root, bundle: true, metafile: true };

const forNode = {
  ...common,
  // Names stay as they are: errors and stack traces hold them, and `keepNames` would set that of each function when it is made.
  minifyWhitespace: true,
  minifySyntax: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  sourcemap: "linked",
  define: {
    "import.meta.dirname": "__dirname",
    "import.meta.filename": "__filename",
    HOSTRUN_BUILD: JSON.stringify(buildId(root)),
  },
  plugins: [withoutNativeAddons],
  loader: { ".sh": "text", ".pl": "text", ".bash": "text", ".zsh": "text", ".fish": "text" },
};

// Whoever runs from dist/ meets the old build or the new one, never half of one.
const draft = `${out}.next`;

/** Runs a bundle that is `oneFunction`. */
const launcher = { ...forNode, minifyIdentifiers: true, plugins: [...forNode.plugins, withoutWords] };

/** One function, behind a line that names the build: see state-directory/compiled.ts. */
const oneFunction = {
  ...forNode,
  banner: {
    js: `// ${JSON.parse(forNode.define.HOSTRUN_BUILD)}\n(function (exports, require, module, __filename, __dirname) {`,
  },
  footer: { js: "})" },
  supported: { "dynamic-import": false },
};

const bundles = {
  extension: {
    ...forNode,
    entryPoints: ["extension/extension.ts"],
    outfile: join(draft, "extension.cjs"),
    external: ["vscode"],
  },
  daemonLauncher: { ...launcher, entryPoints: ["daemon/launcher.ts"], outfile: join(draft, "daemon.cjs") },
  daemon: { ...oneFunction, entryPoints: ["daemon/main.ts"], outfile: join(draft, "daemon-main.cjs") },
  reader: { ...forNode, entryPoints: ["daemon/reader.ts"], outfile: join(draft, "reader.cjs") },
  keyOpener: { ...forNode, entryPoints: ["daemon/key-opener.ts"], outfile: join(draft, "key-opener.cjs") },
  differ: { ...forNode, entryPoints: ["daemon/differ.ts"], outfile: join(draft, "differ.cjs") },
  checkpointer: {
    ...forNode,
    entryPoints: ["daemon/checkpointer.ts"],
    outfile: join(draft, "checkpointer.cjs"),
  },
  storeTask: { ...forNode, entryPoints: ["daemon/store-task.ts"], outfile: join(draft, "store-task.cjs") },
  launcher: {
    ...launcher,
    entryPoints: ["cli/launcher.ts"],
    outfile: join(draft, "cli.cjs"),
    banner: { js: "#!/usr/bin/env node" },
  },
  cli: { ...oneFunction, entryPoints: ["cli/main.ts"], outfile: join(draft, "hostrun.cjs") },
  webview: {
    ...common,
    minify: true,
    platform: "browser",
    format: "iife",
    target: "chrome120",
    sourcemap: "external",
    entryPoints: {
      terminal: "webview/terminal.ts",
      confirmation: "webview/confirmation.ts",
      dashboard: "webview/dashboard.ts",
      job: "webview/job/job.ts",
    },
    outdir: join(draft, "webview"),
    assetNames: "[name]",
    loader: { ".ttf": "file" },
  },
};

const sqlite = prebuildFor(target);
await rm(draft, { recursive: true, force: true });
const results = await Promise.all((only ?? Object.keys(bundles)).map((name) => build(bundles[name])));
if (existsSync(join(draft, "cli.cjs"))) await chmod(join(draft, "cli.cjs"), 0o755);
if (only === undefined) await replaceAll();
else await replaceOnly();
for (const { metafile } of results) printSizes(metafile);

async function replaceAll() {
  await mkdir(join(draft, "native"), { recursive: true });
  await Promise.all([
    copyFile(sqlite, join(draft, "native/better_sqlite3.node")),
    cp(join(root, "migrations"), join(draft, "migrations"), { recursive: true }),
    writeNotices(root, join(draft, "THIRD-PARTY-NOTICES.txt"), results),
  ]);
  await rm(out, { recursive: true, force: true });
  await rename(draft, out);
}

async function replaceOnly() {
  for (const name of await readdir(draft)) {
    await rm(join(out, name), { recursive: true, force: true });
    await rename(join(draft, name), join(out, name));
  }
  await rm(draft, { recursive: true });
}

function printSizes({ outputs }) {
  for (const [file, { bytes }] of Object.entries(outputs)) {
    if (file.endsWith(".map")) continue;
    console.log(`${String(Math.ceil(bytes / 1024)).padStart(6)} KiB  ${relative(draft, join(root, file))}`);
  }
}
