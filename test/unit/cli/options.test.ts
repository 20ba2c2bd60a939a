import { join } from "node:path";
import { expect, test } from "vitest";
import {
  HelpRequested,
  parseOptions,
  parseSize,
  parseSpan,
  takeWords,
  UsageError,
} from "../../../cli/command.ts";
import { parseSettingName } from "../../../cli/control/settings.ts";
import { parseAddress, parseCleared, parseFields } from "../../../cli/hosts/fields.ts";
import { parseFields as parseSnippetFields } from "../../../cli/snippets/fields.ts";
import { isForMany, parseRunPlan } from "../../../cli/run/options.ts";
import { offeredKey } from "../../../cli/run/offered-key.ts";
import { Problem } from "../../../protocol/problem.ts";
import { RunRequest } from "../../../protocol/run.ts";

/** What the UsageError says that it throws. */
function complaintOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error("It was taken.");
}

test("a run's options become a request that the daemon takes", () => {
  const args = [
    "--bash",
    "web1",
    "--cwd",
    "/tmp",
    "--env",
    "A=b=c",
    "--env",
    "E=",
    "--env",
    "HERE",
    "--secret-env",
    "HIDDEN",
    "--timeout",
    "1.5m",
  ];
  const more = [
    "--connect-timeout=500ms",
    "--cache-ttl",
    "30",
    "--record-limit",
    "2GiB",
    "--pty",
    "-nq",
    "--",
    "ls",
    "-l",
    "--",
    "*.txt",
  ];
  const { request, view, readStdin, ask, yes } = parseRunPlan([...args, ...more], {
    SSH_AUTH_SOCK: "/agent",
    HERE: "x",
    HIDDEN: "y",
  });
  expect(RunRequest.parse(request)).toMatchObject({
    host: "web1",
    command: "ls -l -- *.txt",
    useBash: true,
    loginShell: null,
    cwd: "/tmp",
    env: { A: "b=c", E: "", HERE: "x" },
    secretEnv: { HIDDEN: "y" },
    timeoutMs: 90_000,
    connectTimeoutMs: 500,
    cacheTtlMs: 30_000,
    recordLimitBytes: 2_147_483_648,
    pty: true,
    agentSocket: "/agent",
  });
  expect({ ...view, readStdin, ask, yes }).toEqual({
    json: false,
    raw: false,
    quiet: true,
    verbose: false,
    readStdin: false,
    ask: true,
    yes: false,
  });
});

test("a result is renewed by --no-cache, and kept with --cache-ttl", () => {
  const requestOf = (...args: string[]) => parseRunPlan([...args, "web1", "--", "true"], {}).request;
  expect(requestOf("--no-cache", "--cache-ttl", "5m")).toMatchObject({ cache: "renew", cacheTtlMs: 300_000 });
  expect(requestOf("--no-cache")).toMatchObject({ cache: "renew", cacheTtlMs: 0 });
  expect(requestOf("--cache-ttl", "5m")).not.toHaveProperty("cache");
});

test("an agent whose path is relative is the one that it means here", () => {
  const agentOf = (socket: string) =>
    parseRunPlan(["web1", "--", "true"], { SSH_AUTH_SOCK: socket }).request.agentSocket;
  expect(agentOf("agent.sock")).toBe(join(process.cwd(), "agent.sock"));
  expect(agentOf("/run/agent.sock")).toBe("/run/agent.sock");
  expect(agentOf("")).toBeNull();
});

test("without options a request leaves everything to the daemon", () => {
  expect(RunRequest.parse(parseRunPlan(["h", "--", "x"], { SSH_AUTH_SOCK: "" }).request)).toEqual(
    RunRequest.parse({ host: "h", command: "x" }),
  );
});

test.each([
  [["web1", "uptime"], "web1", "uptime"],
  [["-n", "--cwd", "/tmp", "web1", "ls", "-l", "--help"], "web1", "ls -l --help"],
  [["-nq", "ann@web1:2200", "df"], "ann@web1:2200", "df"],
  [["--timeout=3s", "web1", "--", "-x"], "web1", "-x"],
  [["web1", "--timeout", "3s", "--", "git", "log", "--", "x"], "web1", "git log -- x"],
])("the options of run %j end at the host", (args, host, command) => {
  expect(parseRunPlan(args, {}).request).toMatchObject({ host, command });
});

test.each([
  [[], "HOST is missing."],
  [["-n", "--cwd", "/tmp"], "HOST is missing."],
  [["web1"], "No command given. Example: hostrun run web1 uptime"],
  [
    ["web1", "-x", "uptime"],
    "Put -x before the host; or, as part of the command: hostrun run web1 -- -x uptime",
  ],
  [["--tiemout", "3", "a", "ls"], "Unknown option: --tiemout. Did you mean --timeout?"],
  [["--", "ls"], "Name a host before --."],
  [["web1", "--"], "No command after --."],
  [
    ["web1,web2", "uptime"],
    "web1,web2 is no target: each is a word of its own, before --. Example: hostrun run web1 web2 -- uptime",
  ],
  [
    ["web1,", "!web[1,2],db1", "--", "ls", "-l"],
    "web1, is no target: each is a word of its own, before --. Example: hostrun run web1 !web[1,2] db1 -- ls -l",
  ],
  [
    ["a", "--env", "=X", "--", "ls"],
    '--env is "=X", but must be NAME=VALUE or NAME, with letters, digits and _ in the name.',
  ],
  [
    ["a", "--env", "a-b=1", "--", "ls"],
    '--env is "a-b=1", but must be NAME=VALUE or NAME, with letters, digits and _ in the name.',
  ],
  [["--snippet", "q", "--set", "x=1", "--set", "x=2", "a"], "--set gives x more than once."],
  [["a", "--env", "X", "--", "ls"], "--env is X, but no such variable is set here."],
  [["a", "--env", "toString", "--", "ls"], "--env is toString, but no such variable is set here."],
  [["a", "--secret-env", "X", "--", "ls"], "--secret-env is X, but no such variable is set here."],
  [
    ["a", "--secret-env", "X=hidden", "--", "ls"],
    "--secret-env takes a NAME without a value, which other accounts could read here.",
  ],
  [
    ["a", "--record-limit", "1P", "--", "ls"],
    '--record-limit is "1P", but must be a size such as 64M or 2G.',
  ],
  [
    ["a", "--timeout", "soon", "--", "ls"],
    '--timeout is "soon", but must be a time such as 500ms, 30s, 5m or 2h.',
  ],
  [["a", "--tiemout", "3", "--", "ls"], "Unknown option: --tiemout. Did you mean --timeout?"],
  [["a", "--timeout", "--", "ls"], "--timeout needs a value."],
  [["--cwd", "-P", "a", "--", "ls"], "--cwd needs a value. If -P is meant as that: --cwd=-P"],
  [["a", "--bash=1", "--", "ls"], "--bash takes no value."],
  [["-x", "a", "--", "ls"], "Unknown option: -x."],
])("run %j is refused", (args, told) => {
  expect(complaintOf(() => parseRunPlan(args, {}))).toBe(told);
});

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["30", 30_000],
  ["1.5m", 90_000],
  ["2h", 7_200_000],
  ["0", 0],
])("%s is %i ms", (text, ms) => {
  expect(parseSpan(text, "--x")).toBe(ms);
});

test.each([
  ["0", 0],
  ["4096", 4096],
  ["512k", 524_288],
  ["64MB", 67_108_864],
  ["1TiB", 1_099_511_627_776],
])("%s are %i bytes", (text, bytes) => {
  expect(parseSize(text, "--x")).toBe(bytes);
});

test.each(["", "s", "-1s", "1d", "1e3", "1 s", "٣s"])("%j is no time", (text) => {
  expect(complaintOf(() => parseSpan(text, "--x"))).toContain("--x");
});

test("words are counted", () => {
  expect(takeWords(["a"], "A", "B?")).toEqual(["a", undefined]);
  expect(complaintOf(() => takeWords([], "NAME"))).toBe("NAME is missing.");
  expect(complaintOf(() => takeWords(["a", ""], "A", "B"))).toBe("B is empty.");
  expect(takeWords([""], "A?")).toEqual([""]);
  expect(complaintOf(() => takeWords(["a", "b"], "NAME"))).toBe('Unexpected argument "b".');
  expect(parseOptions(["x", "--", "--json"], { json: { type: "boolean" } }).positionals).toEqual([
    "x",
    "--json",
  ]);
});

test("a host's fields are those that are named", () => {
  expect(parseFields({})).toEqual({});
  for (const none of ["none", "None", ""]) expect(parseFields({ jump: none })).toEqual({ jump: [] });
  expect(
    parseFields({ port: "22", jump: "a,b@c:1", tag: ["x"], "no-production": true, "login-shell": true }),
  ).toEqual({
    port: 22,
    jump: ["a", "b@c:1"],
    tags: ["x"],
    production: false,
    loginShell: true,
  });
  expect(parseCleared(["identity-file", "tag"])).toEqual({ identityFile: null, tags: [] });
  expect(parseAddress("ann@[fe80::1]:22")).toEqual({ user: "ann", address: "fe80::1", port: 22 });
  expect(parseAddress("::1")).toEqual({ address: "::1" });
  expect(complaintOf(() => parseAddress("a;b"))).toContain("must not contain shell metacharacters");
  expect(complaintOf(() => parseCleared(["name"]))).toContain("Unknown field to unset: name.");
  expect(complaintOf(() => parseFields({ production: true, "no-production": true }))).toContain(
    "cannot be used together",
  );
  expect(complaintOf(() => parseFields({ "host-key-policy": "yes" }))).toContain("ask, acceptNew, strict");
});

test("a key file is meant from where the command line is called, but for that of the daemon's home", () => {
  const of = (file: string) => parseFields({ "identity-file": file }).identityFile;
  expect(of("keys/id")).toBe(`${process.cwd()}/keys/id`);
  expect(of("../id")).toBe(join(process.cwd(), "../id"));
  expect([of("/k/id"), of("~/.ssh/id"), of("~")]).toEqual(["/k/id", "~/.ssh/id", "~"]);
});

test.each([["--help"], ["-h"], ["--bad", "--help"], ["word", "-qh"]])("%j asks for help", (...args) => {
  expect(() => parseOptions(args, { quiet: { type: "boolean", short: "q" } })).toThrow(HelpRequested);
});

test("what stands behind -- asks for nothing", () => {
  expect(parseOptions(["--", "--help"], {}).positionals).toEqual(["--help"]);
});

test("a choice of a snippet without any is told by how one is given", () => {
  expect(complaintOf(() => parseSnippetFields({ input: ["a:choice=3:1,2"] }))).toBe(
    '--input is "a:choice=3:1,2", but a choice is NAME:choice:A,B,C, with =DEFAULT at the end.',
  );
});

test("settings are known by name", () => {
  expect(parseSettingName("redisUrl")).toBe("redisUrl");
  expect(complaintOf(() => parseSettingName("redisurl"))).toContain("Did you mean redisUrl?");
  expect(complaintOf(() => parseSettingName("toString"))).toContain("Unknown setting");
});

test("only an unknown key with all that is needed to trust it is offered", () => {
  const members = {
    host: "web1",
    hop: "ann@10.0.0.1:22",
    address: "10.0.0.1",
    port: 22,
    keyType: "ssh-ed25519",
    fingerprint: "SHA256:x",
  };
  const problem = new Problem("host_key_unknown", "x", { ...members, key: "AAAA" });
  expect(offeredKey(problem.toJSON())).toEqual({ ...members, key: "AAAA" });
  expect(offeredKey(new Problem("host_key_unknown", "x", members).toJSON())).toBeUndefined();
  expect(
    offeredKey(new Problem("host_key_changed", "x", { ...members, key: "AAAA" }).toJSON()),
  ).toBeUndefined();
  expect(offeredKey(undefined)).toBeUndefined();
});

test("several words before -- are all targets, and none of them is the command", () => {
  const plan = parseRunPlan(["-f", "2", "a", "b[1-3]", "!c", "--gather", "--", "ls", "-l"], {});
  expect(plan).toMatchObject({ targets: ["a", "b[1-3]", "!c"], job: { concurrency: 2 }, show: "groups" });
  expect(plan.request.command).toBe("ls -l");
});

test.each([
  [["web1"], false],
  [["deploy@[::1]:22"], false],
  [["ssh://deploy@web1:22"], false],
  [["web1", "web2"], true],
  [["web[1-3]"], true],
  [["web[01,03]"], true],
  [["web[1-"], true],
  [["web1]"], true],
  [["web[a-c]"], true],
  [["[fe80::1]"], false],
  [["db*"], true],
  [["web?"], true],
  [["tag:web"], true],
  [["group:prod"], true],
  [["all"], true],
  [["!web1"], true],
  [["@failed:01a2"], true],
])("%j: more than one host can be meant: %j", (targets, expected) => {
  expect(isForMany(parseRunPlan([...targets, "--", "ls"], {}))).toBe(expected);
});

test.each([
  [["--diff", "--json"], "--diff and --json cannot be used together."],
  [["--format", "csv", "--gather"], "--gather and --format cannot be used together."],
  [["--format", "yaml"], '--format is "yaml", but must be csv or json.'],
])("%j cannot be shown", (shown, complaint) => {
  expect(complaintOf(() => parseRunPlan([...shown, "a", "b", "--", "true"], {}))).toBe(complaint);
});

test("--diff shows each different output once, too, and a table is a job's also on one host", () => {
  expect(parseRunPlan(["--diff", "--gather", "a", "--", "true"], {}).show).toBe("differences");
  expect(isForMany(parseRunPlan(["--format", "csv", "a", "--", "true"], {}))).toBe(true);
});
