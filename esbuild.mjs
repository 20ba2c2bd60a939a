// Builds dist/: the extension, the daemon, the command line and the webviews, with the native parts
// and data files they read at run time. `--target <vsce target>` builds for another platform.
import { chmod, copyFile, cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { hostTarget, prebuildFor } from "./scripts/targets.mjs";
import { writeNotices } from "./scripts/notices.mjs";

const root = import.meta.dirname;
const dist = join(root, "dist");

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

const common = { absWorkingDir: root, bundle: true, minify: true, keepNames: true, metafile: true };

const forNode = {
  ...common,
  platform: "node",
  format: "cjs",
  target: "node20",
  sourcemap: "linked",
  define: { "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
  plugins: [withoutNativeAddons],
};

const bundles = [
  {
    ...forNode,
    entryPoints: ["extension/extension.ts"],
    outfile: "dist/extension.cjs",
    external: ["vscode"],
  },
  { ...forNode, entryPoints: ["daemon/main.ts"], outfile: "dist/daemon.cjs" },
  {
    ...forNode,
    entryPoints: ["cli/main.ts"],
    outfile: "dist/cli.cjs",
    banner: { js: "#!/usr/bin/env node" },
  },
  {
    ...common,
    platform: "browser",
    format: "iife",
    target: "chrome120",
    sourcemap: "external",
    entryPoints: ["webview/terminal.ts"],
    outdir: "dist/webview",
    assetNames: "[name]",
    loader: { ".ttf": "file" },
  },
];

const { values } = parseArgs({ options: { target: { type: "string", default: hostTarget() } } });
const prebuild = prebuildFor(values.target);
await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, "native"), { recursive: true });
const results = await Promise.all(bundles.map((options) => build(options)));
await Promise.all([
  chmod(join(dist, "cli.cjs"), 0o755),
  copyFile(
    join(root, "node_modules/better-sqlite3/prebuilds", `${prebuild}.node`),
    join(dist, "native/better_sqlite3.node"),
  ),
  cp(join(root, "migrations"), join(dist, "migrations"), { recursive: true }),
  writeNotices(root, join(dist, "THIRD-PARTY-NOTICES.txt"), results),
]);
for (const { metafile } of results) printSizes(metafile);

function printSizes({ outputs }) {
  for (const [file, { bytes }] of Object.entries(outputs)) {
    if (!file.endsWith(".map")) console.log(`${String(Math.ceil(bytes / 1024)).padStart(6)} KiB  ${file}`);
  }
}
