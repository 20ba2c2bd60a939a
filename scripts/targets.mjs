// Which better-sqlite3 prebuild each VSIX target needs.
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

export const TARGETS = Object.keys(PREBUILDS);

/** The name of the prebuild for a vsce target; throws, naming the targets that work, for any other. */
export function prebuildFor(target) {
  if (!Object.hasOwn(PREBUILDS, target)) {
    throw new Error(`No native SQLite exists for the target "${target}". These work: ${TARGETS.join(", ")}.`);
  }
  return PREBUILDS[target];
}

/** The vsce target of the machine this runs on. */
export function hostTarget() {
  const musl = process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
  return `${musl ? "alpine" : process.platform}-${process.arch}`;
}
