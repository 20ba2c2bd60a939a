// The platforms that Hostrun is packaged for.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const root = dirname(import.meta.dirname);

/** The better-sqlite3 prebuild for each VSIX target. */
const PREBUILDS = {
  "linux-x64": "linux-x64",
  "linux-arm64": "linux-arm64",
  "alpine-x64": "linuxmusl-x64",
  "alpine-arm64": "linuxmusl-arm64",
  "darwin-x64": "darwin-x64",
  "darwin-arm64": "darwin-arm64",
  "win32-x64": "win32-x64",
  "win32-arm64": "win32-arm64",
};

/** Returns the prebuilt add-on for a VSIX target; throws an Error that lists the valid targets for any other. */
export function prebuildFor(target) {
  if (!Object.hasOwn(PREBUILDS, target)) {
    const working = Object.keys(PREBUILDS).join(", ");
    throw new Error(`No native SQLite exists for the target "${target}". These work: ${working}.`);
  }
  return join(root, "node_modules/better-sqlite3/prebuilds", `${PREBUILDS[target]}.node`);
}

/** The VSIX target of this machine. */
export function hostTarget() {
  const musl = process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
  return `${musl ? "alpine" : process.platform}-${process.arch}`;
}

/** Where `npm run package` puts the VSIX for a target. */
export async function vsixFor(target) {
  const { name, version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  return join(root, "artifacts", `${name}-${target}-${version}.vsix`);
}
