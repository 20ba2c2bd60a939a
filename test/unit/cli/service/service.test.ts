import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { serviceFor } from "../../../../cli/service/service.ts";
import { refuseOther } from "../../../../cli/service/unit-files.ts";
import type { ServiceProgram } from "../../../../cli/service/service-program.ts";
import { openDirectory } from "../../../support/directory.ts";

const run = promisify(execFile);

const program: ServiceProgram = {
  runtime: process.execPath,
  script: '/opt/host run/100% "it"/$HOME/daemon.cjs',
  stateDirectory: "/home/me/.local/state/hostrun",
  socket: "/home/me/.local/state/hostrun/daemon.sock",
};
const linux = { platform: "linux", env: {}, home: "/home/me", uid: 1000 };

test("systemd finds nothing to complain of in the units, and nothing that is not hardened as far as it can be", async () => {
  await using directory = await openDirectory();
  const { files } = serviceFor(linux, program);
  expect(files.map(({ path }) => path)).toEqual([
    "/home/me/.config/systemd/user/hostrun.service",
    "/home/me/.config/systemd/user/hostrun.socket",
  ]);
  for (const { path, text } of files) await writeFile(directory.join(path.split("/").at(-1) ?? ""), text);
  const [service, socket] = ["hostrun.service", "hostrun.socket"].map((name) => directory.join(name));
  const env = { ...process.env, XDG_RUNTIME_DIR: directory.path };
  const verified = await run("systemd-analyze", ["verify", "--user", service ?? "", socket ?? ""], { env });
  expect(verified.stderr.split("\n").filter((line) => line.includes("hostrun"))).toEqual([]);
  const { stdout } = await run(
    "systemd-analyze",
    ["security", "--offline=true", "--no-pager", service ?? ""],
    { env },
  );
  for (const name of ["NoNewPrivileges=", "RestrictRealtime=", "RestrictSUIDSGID=", "LockPersonality="]) {
    expect(stdout).toMatch(new RegExp(`✓ ${name}`));
  }
});

test("a path is one word for systemd, whatever is in it", () => {
  const [service] = serviceFor(linux, program).files;
  expect(service?.text).toContain(
    String.raw`"--max-semi-space-size=4" "--initial-old-space-size=48" "--heap-growing-percent=20" "--expose-gc" "/opt/host run/100%% \"it\"/$$HOME/daemon.cjs" "--state-dir" "/home/me/.local/state/hostrun"`,
  );
});

test("the unit is put where XDG_CONFIG_HOME says, and a path with a line break nowhere", () => {
  const { files } = serviceFor({ ...linux, env: { XDG_CONFIG_HOME: "/etc/me" } }, program);
  expect(files[0]?.path).toBe("/etc/me/systemd/user/hostrun.service");
  expect(() => serviceFor(linux, { ...program, stateDirectory: "/a\nExecStartPre=/bin/evil" })).toThrow(
    "control characters",
  );
});

test("macOS has a launch agent, with its paths as text of XML", () => {
  const { files, install } = serviceFor(
    { ...linux, platform: "darwin", home: "/Users/me", uid: 501 },
    { ...program, script: "/a&b/<c>.cjs" },
  );
  expect(files[0]?.path).toBe("/Users/me/Library/LaunchAgents/hostrun.daemon.plist");
  expect(files[0]?.text).toMatch(
    /<string>--max-semi-space-size=4<\/string>\s*<string>--initial-old-space-size=48<\/string>\s*<string>--heap-growing-percent=20<\/string>\s*<string>--expose-gc<\/string>\s*<string>\/a&amp;b\/&lt;c&gt;\.cjs<\/string>/,
  );
  expect(files[0]?.text).toMatch(/<key>KeepAlive<\/key>\s*<dict>\s*<key>SuccessfulExit<\/key>\s*<false\/>/);
  expect(install).toEqual([["launchctl", "bootstrap", "gui/501", files[0]?.path]]);
});

test("Windows has a scheduled task, with each path one argument", () => {
  const windows = {
    runtime: String.raw`C:\Program Files\nodejs\node.exe`,
    script: String.raw`C:\Users\me & you\daemon.cjs`,
    stateDirectory: "C:\\state\\",
    socket: String.raw`\\.\pipe\hostrun`,
  };
  const { files, install } = serviceFor(
    { platform: "win32", env: {}, home: "C:\\Users\\me", uid: 0 },
    windows,
  );
  expect(files[0]?.text).toContain(String.raw`<Command>C:\Program Files\nodejs\node.exe</Command>`);
  expect(files[0]?.text).toContain(
    String.raw`&quot;--max-semi-space-size=4&quot; &quot;--initial-old-space-size=48&quot; &quot;--heap-growing-percent=20&quot; &quot;--expose-gc&quot; &quot;C:\Users\me &amp; you\daemon.cjs&quot; &quot;--state-dir&quot; &quot;C:\state\\&quot;`,
  );
  expect(files[0]?.text).toContain("<RestartOnFailure>");
  expect(install[0]).toEqual([
    "schtasks",
    "/Create",
    "/F",
    "/TN",
    "Hostrun",
    "/XML",
    String.raw`C:\Users\me\AppData\Local\hostrun\hostrun-task.xml`,
  ]);
});

test.each([
  { platform: "win32", directory: String.raw`C:\state`, other: String.raw`D:\a & b` },
  { platform: "darwin", directory: "/Users/me/state", other: "/Users/me/a & b" },
  { platform: "linux", directory: "/home/me/state", other: "/home/me/a & b" },
])("on $platform the service of one state directory is in the way of another's", async (places) => {
  await using directory = await openDirectory();
  const { platform } = places;
  const filesFor = (stateDirectory: string) => {
    const { files } = serviceFor({ ...linux, platform }, { ...program, stateDirectory });
    // Their names are those of another platform.
    return files.map(({ path, text }) => ({ path: directory.join(path.replaceAll(/[\\/:]+/g, "-")), text }));
  };
  const own = filesFor(places.directory);
  const earlier = own.map(({ path, text }) => ({ path, text: text.replace(/^.*Written by .*\n/m, "") }));
  expect(earlier.map(({ text }) => text)).not.toEqual(expect.arrayContaining([own[0]?.text]));
  for (const files of [own, earlier]) {
    for (const { path, text } of files) await writeFile(path, text);
    expect(() => refuseOther(own)).not.toThrow();
  }
  expect(() => refuseOther(filesFor(places.other))).toThrow(
    `for another state directory, ${places.directory},`,
  );
  for (const { path } of own) await writeFile(path, "of somebody else\n");
  expect(() => refuseOther(own)).toThrow("was not written by");
});
