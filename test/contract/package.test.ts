import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const migrations = readdirSync(join(root, "migrations")).map((file) => `dist/migrations/${file}`);
const media = readdirSync(join(root, "media")).map((file) => `media/${file}`);

/** What the start of an executable says about the system it is for. */
const ELF = "7f454c46";
const WINDOWS = "4d5a";

describe("npm run package", () => {
  it.each([
    ["linux-x64", ELF],
    ["win32-x64", WINDOWS],
  ])(
    "makes a VSIX for %s with its native part and nothing that is not needed",
    { timeout: 120_000 },
    (target, magic) => {
      const { stdout, stderr, status } = npmRunPackage(target);
      expect(status, stderr).toBe(0);
      const vsix = stdout.trim().split("\n").at(-1) ?? "";

      expect(entries(vsix)).toEqual(
        [
          ...migrations,
          ...media,
          "dist/THIRD-PARTY-NOTICES.txt",
          "dist/cli.cjs",
          "dist/daemon.cjs",
          "dist/daemon-main.cjs",
          "dist/differ.cjs",
          "dist/checkpointer.cjs",
          "dist/store-task.cjs",
          "dist/extension.cjs",
          "dist/hostrun.cjs",
          "dist/native/better_sqlite3.node",
          "dist/key-opener.cjs",
          "dist/reader.cjs",
          "dist/webview/codicon.ttf",
          "dist/webview/confirmation.css",
          "dist/webview/confirmation.js",
          "dist/webview/dashboard.css",
          "dist/webview/dashboard.js",
          "dist/webview/job.css",
          "dist/webview/job.js",
          "dist/webview/terminal.css",
          "dist/webview/terminal.js",
          "LICENSE.txt",
          "changelog.md",
          "package.json",
          "package.nls.json",
          "readme.md",
        ].toSorted(),
      );
      expect(start(vsix, "dist/native/better_sqlite3.node", magic.length / 2)).toBe(magic);
      // VS Code's page of an extension follows links to web servers only.
      const page = content(vsix, "readme.md").toString();
      expect(page).toContain("Run commands on your SSH hosts");
      expect(page).not.toMatch(/\]\((?!https?:)/);
    },
  );

  it("refuses a platform without a native part and names those that work", () => {
    const { stderr, status } = npmRunPackage("linux-armhf");

    expect(status).toBe(1);
    expect(stderr).toContain('No native SQLite exists for the target "linux-armhf"');
    expect(stderr).toContain("linux-x64, linux-arm64, alpine-x64, alpine-arm64");
  });
});

function npmRunPackage(target: string) {
  return spawnSync("node", ["scripts/package.mjs", "--target", target], { cwd: root, encoding: "utf8" });
}

/** The files of the extension inside a VSIX, sorted. */
function entries(vsix: string): string[] {
  const { stdout } = spawnSync("unzip", ["-Z1", vsix, "extension/*"], { encoding: "utf8" });
  return stdout
    .trim()
    .split("\n")
    .map((entry) => entry.replace("extension/", ""))
    .toSorted();
}

/** The first bytes of one of those files, in hexadecimal. */
function start(vsix: string, entry: string, length: number): string {
  return content(vsix, entry).subarray(0, length).toString("hex");
}

function content(vsix: string, entry: string): Buffer {
  return spawnSync("unzip", ["-p", vsix, `extension/${entry}`], { maxBuffer: 64 * 1024 * 1024 }).stdout;
}
