// `npm run package [-- --target T]`: builds one platform's VSIX into artifacts/, and fails if it contains anything
// unexpected. Everything is assembled in a folder of its own, so that dist/ stays the host's.
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installNodeModules, main, root, run, toolEnv } from "./bootstrap.mjs";
import { hostTarget, prebuildFor, vsixFor } from "./targets.mjs";

const SIZE_BUDGET_BYTES = 3 * 1024 * 1024;

/** What vsce packages besides dist/. */
const SOURCES = /^(\.vscodeignore|package(\.nls.*)?\.json|README\.md|CHANGELOG\.md|LICENSE|media)$/;

/** The files of a VSIX: each pattern must match one, and each file must match one. */
const CONTENTS = [
  /^package\.json$/,
  /^package\.nls(\.[a-z-]+)?\.json$/,
  /^README\.md$/,
  /^CHANGELOG\.md$/,
  /^LICENSE$/,
  /^media\/[a-z-]+\.(png|svg)$/,
  /^dist\/cli\.cjs$/,
  /^dist\/hostrun\.cjs$/,
  /^dist\/daemon(-main)?\.cjs$/,
  /^dist\/differ\.cjs$/,
  /^dist\/checkpointer\.cjs$/,
  /^dist\/store-task\.cjs$/,
  /^dist\/key-opener\.cjs$/,
  /^dist\/reader\.cjs$/,
  /^dist\/extension\.cjs$/,
  /^dist\/THIRD-PARTY-NOTICES\.txt$/,
  /^dist\/migrations\/\d{4}-[a-z-]+\.sql$/,
  /^dist\/native\/better_sqlite3\.node$/,
  /^dist\/webview\/(terminal|confirmation|dashboard|job)\.js$/,
  /^dist\/webview\/(terminal|confirmation|dashboard|job)\.css$/,
  /^dist\/webview\/codicon\.ttf$/,
];

await main(async () => {
  const { target } = parseArgs({ options: { target: { type: "string", default: hostTarget() } } }).values;
  prebuildFor(target);
  await installNodeModules();
  const staging = join(root, "artifacts", `staging-${target}`);
  const vsix = await vsixFor(target);
  await stage(staging, target);
  checkContents(staging);
  // There is no repository to link to.
  const flags = ["--no-dependencies", "--allow-missing-repository", "--no-rewrite-relative-links"];
  await run("vsce", ["package", ...flags, "--target", target, "--out", vsix], { cwd: staging });
  await rm(staging, { recursive: true });
  await checkSize(vsix);
  console.log(vsix);
});

async function stage(staging, target) {
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  const sources = (await readdir(root)).filter((name) => SOURCES.test(name));
  await Promise.all(sources.map((name) => cp(join(root, name), join(staging, name), { recursive: true })));
  await writeFile(join(staging, "README.md"), await extensionPage());
  await run("node", ["esbuild.mjs", "--target", target, "--out", join(staging, "dist")]);
}

/**
 * An extension's page in VS Code only shows pictures from web servers, no files of the VSIX and no data: URLs, and only
 * follows links to web servers. As there is no such server, the page has the text without pictures and links to files.
 */
async function extensionPage() {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const page = readme
    .replace(/## More\n[^]*$/, "MIT licence.\n")
    .replaceAll(/^!\[[^\]]*\]\(media\/[^)]*\)\n+/gm, "")
    .replaceAll(/\s*\(\[[^\]]+\]\((?!https?:)[^)]+\)\)/g, "")
    .replaceAll(/\[([^\]]+)\]\((?!https?:)[^)]+\)/g, "$1");
  if (/\]\((?!https?:)/.test(page))
    throw new Error("The extension's page would have links that lead nowhere");
  return page;
}

function checkContents(staging) {
  const { stdout, stderr } = spawnSync("vsce", ["ls", "--no-dependencies"], {
    cwd: staging,
    env: toolEnv(),
    encoding: "utf8",
  });
  const files = stdout.split("\n").filter(Boolean);
  if (files.length === 0) throw new Error(`vsce ls lists nothing: ${stderr}`);
  const surplus = files.filter((file) => !CONTENTS.some((expected) => expected.test(file)));
  const missing = CONTENTS.filter((expected) => !files.some((file) => expected.test(file)));
  if (surplus.length > 0) throw new Error(`The VSIX would contain ${surplus.join(", ")}`);
  if (missing.length > 0) throw new Error(`The VSIX would lack ${missing.join(", ")}`);
}

async function checkSize(vsix) {
  const { size } = await stat(vsix);
  if (size > SIZE_BUDGET_BYTES) throw new Error(`${vsix} has ${size} bytes, the budget ${SIZE_BUDGET_BYTES}`);
}
