import { access, readFile, realpath, writeFile } from "node:fs/promises";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { Host } from "../../protocol/host.ts";
import { Run } from "../../protocol/run.ts";
import { type Cli, finish, openCli, seen } from "../support/cli.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";

let sshd: Sshd;
let cli: Cli;

beforeAll(async () => {
  sshd = await openSshd();
  cli = await openCli(sshd);
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await sshd[Symbol.asyncDispose]();
});

/** What it prints, when all goes well. */
async function said(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await cli.run(args);
  expect([status, stderr.toString()]).toEqual([0, ""]);
  return stdout.toString();
}

/** What it complains of, and its exit status. */
async function complained(...args: string[]): Promise<[unknown, string]> {
  const { status, stdout, stderr } = await cli.run(args);
  expect(stdout.toString()).toBe("");
  return [status, stderr.toString()];
}

test("a host is added, shown, changed and removed", async () => {
  await said(
    "hosts",
    "add",
    "db1",
    "ann@10.0.0.5:2200",
    "--tag",
    "db",
    "--tag",
    "eu",
    "--group",
    "prod/db",
    "--production",
  );
  const added = Host.parse(JSON.parse(await said("hosts", "show", "db1", "--json")));
  expect(added).toMatchObject({
    address: "10.0.0.5",
    user: "ann",
    port: 2200,
    tags: ["db", "eu"],
    production: true,
  });
  await said(
    "hosts",
    "edit",
    "db1",
    "--rename",
    "db2",
    "--no-production",
    "--unset",
    "user",
    "--unset",
    "tag",
    "-p",
    "22",
  );
  const changed = Host.parse(JSON.parse(await said("hosts", "show", "db2", "--json")));
  expect(changed).toMatchObject({
    id: added.id,
    user: null,
    port: 22,
    tags: [],
    production: false,
    group: "prod/db",
  });
  expect(await said("hosts")).toMatch(
    /^NAME +ADDRESS +GROUP +TAGS +SOURCE\ndb2 +10\.0\.0\.5 +prod\/db +Hostrun\n/m,
  );
  await said("hosts", "remove", "db2");
  expect((await complained("hosts", "show", "db2"))[0]).toBe(1);
});

test("every bad field is named", async () => {
  const [status, told] = await complained("hosts", "add", "x;y", "-p", "99999");
  expect(status).toBe(2);
  expect(told).toMatch(/NAME: .*shell/);
  expect(told).toMatch(/--port: /);
});

test("an IPv6 address is one without brackets, and a key file is meant from where it is called", async () => {
  const child = cli.start(["hosts", "add", "v6", "::1", "-i", "id_x", "--json"], {}, cli.home);
  const { status, stdout } = await finish(child);
  expect(status).toBe(0);
  expect(JSON.parse(stdout.toString())).toMatchObject({
    address: "::1",
    port: 22,
    identityFile: join(await realpath(cli.home), "id_x"),
  });
  await said("hosts", "rm", "v6");
});

test("a login is tried step by step", async () => {
  const steps = ["Configuration", "Name resolution", "Connection", "Host key", "Authentication", "Command"];
  const text = await said("hosts", "test", "web1");
  const [sheet, lines = ""] = text.split("\n\n");
  expect(
    lines
      .trimEnd()
      .split("\n")
      .map((line) => /^✓ (\w+(?: \w+)?) {2,}web1 \(\S+@\S+\) {2}[\d.]+ ms$/.exec(line)?.[1]),
  ).toEqual(steps);
  expect(sheet).toMatch(/^Host +web1\nLogin +works\n[^]*SHA256:/);
  const again = await said("hosts", "test", "web1");
  expect(again).toMatch(/^✓ Connection .* was open already$/m);
  expect(await said("hosts", "test", "web1", "--fresh")).toMatch(/^✓ Authentication /m);
  expect(await said("hosts", "test", "web1", "--format", "{{.hostKey.fingerprint}}")).toBe(
    `${sshd.hostKeys[0]?.fingerprint}\n`,
  );
  await said("hosts", "add", "gone", "127.0.0.1:9");
  const [status, told] = await complained("hosts", "test", "gone");
  expect([status, told]).toEqual([1, expect.stringContaining("127.0.0.1:9")]);
  expect(told.trimEnd().split("\n").slice(-2)).toEqual([
    expect.stringMatching(/^✗ Connection .*could not be reached$/),
    expect.stringMatching(/^hostrun: Can't reach gone: /),
  ]);
  await said("hosts", "rm", "gone");
});

test("lists are printed by a template, and short names stand for them", async () => {
  expect(await said("ls", "--search", "web", "--format", "{{.name}}:{{.port}}")).toBe(`web1:${sshd.port}\n`);
  await cli.run(["run", "web1", "--", "echo by template"]);
  const run = ["--since", "yesterday", "--search", "by template", "--format", "{{.host.name}} {{.exitCode}}"];
  expect(await said("ps", ...run)).toBe("web1 0\n");
  expect(await complained("ps", "--until", "yesterday")).toEqual([0, "hostrun: No runs match.\n"]);
  expect(await complained("ps", "--format", "{{.hots}}")).toEqual([
    2,
    "hostrun: Unknown field: .hots. Did you mean .host?\nSee `hostrun history --help`.\n",
  ]);
});

test.each([
  [["hosts", "add", "--help"], "Add a host.", "--identity-file"],
  [["help", "hosts", "add"], "Add a host.", "--identity-file"],
  [["hosts", "-h"], "List, add, change, test, import and export hosts.", "hosts test"],
  [["config", "set", "x", "--help"], "Change a setting", "NAME VALUE"],
])("%j prints the help of that very command", async (args, first, part) => {
  const told = await said(...args);
  expect(told.startsWith(first)).toBe(true);
  expect(told).toContain(part);
});

test("on a terminal there is colour, unless NO_COLOR says otherwise", async () => {
  await said("hosts", "edit", "web1", "--production");
  const shown = async (env: NodeJS.ProcessEnv): Promise<string> =>
    (await finish(cli.startOnTerminal(["hosts"], env))).stdout.toString();
  expect(await shown({ TERM: "xterm" })).toContain("\u001b[31mweb1 (production)\u001b[0m");
  const plain = await shown({ TERM: "xterm", NO_COLOR: "1" });
  expect(plain).toContain("web1 (production)");
  expect(plain).not.toContain("\u001b");
  await said("hosts", "edit", "web1", "--no-production");
  expect(await said("hosts")).not.toContain("\u001b");
  const forced = await cli.run(["hosts"], { env: { CLICOLOR_FORCE: "1" } });
  expect(forced.stdout.toString()).toContain("\u001b[1mNAME\u001b[0m");
});

test("a host is shown with what ssh says of it, and with what is not honoured", async () => {
  await writeFile(
    join(cli.home, ".ssh/config"),
    "Host shown\n  HostName 10.1.1.9\n  User ann\n  IdentityFile /k/a\n  IdentityFile /k/b\n  ForwardAgent yes\n  BindInterface eth9\n",
  );
  const text = await said("hosts", "show", "shown");
  expect(text).toMatch(/^Reached as +ann@10\.1\.1\.9:22$/m);
  expect(text).toMatch(/^Keys +\/k\/a, \/k\/b$/m);
  expect(text).toMatch(/^SSH config +.*\/\.ssh\/config:1$/m);
  expect(text).toMatch(/^Not honoured +ForwardAgent yes: Hostrun forwards no agent/m);
  expect(text).toMatch(/^Not honoured +BindInterface eth9: .*\. The host is refused$/m);
  await writeFile(join(cli.home, ".ssh/config"), "");
});

test("hosts of an SSH config are listed, and imported", async () => {
  const config = join(cli.home, "more.conf");
  await writeFile(config, "Host one two\n  HostName 10.1.1.1\n  User bob\n");
  expect(await said("hosts", "import", "--path", config, "--dry-run")).toContain(
    "2 hosts would be imported.",
  );
  expect(await said("hosts", "import", "--path", config)).toMatch(/one +bob@10\.1\.1\.1 /);
  await said("hosts", "edit", "one", "-p", "2200");
  const dry = await said("hosts", "import", "--path", config, "--dry-run");
  expect(dry).toBe(
    "Would change one: port 2200 → 22\n0 hosts would be imported.\n1 host would be changed with --update.\n1 host is the same.\n",
  );
  expect(await said("hosts", "import", "--path", config)).toContain("Skipped one: a host with this name");
  const updated = await said("hosts", "import", "--path", config, "--name", "one", "--update");
  expect(updated).toBe("Changed one: port 2200 → 22\n0 hosts were imported.\n1 host was changed.\n");
  expect(
    z
      .array(Host)
      .parse(JSON.parse(await said("hosts", "list", "--json")))
      .map(({ name }) => name),
  ).toContain("two");
  for (const name of ["one", "two"]) await said("hosts", "remove", name);
});

test("an import reads regular files of a size alone, and says what it can't take in", async () => {
  const importing = (from: string, input?: string) =>
    cli.run(["hosts", "import", "--from", from], input === undefined ? {} : { input });
  const told = async (from: string, input?: string): Promise<string> =>
    (await importing(from, input)).stderr.toString();
  const fifo = join(cli.home, "fifo");
  await promisify(execFile)("mkfifo", [fifo]);
  for (const path of [fifo, "/dev/zero", cli.home]) expect(await told(path)).toContain("not a regular file.");
  expect(await told(join(cli.home, "nowhere"))).toContain("No such file: ");
  expect(await told("-", "{}")).toContain("Standard input is not what `hostrun hosts export` writes.");
  const many = Array.from({ length: 12_000 }, (_, index) => ({
    name: `many-${index}`,
    address: "10.5.0.1".repeat(8),
  }));
  const file = join(cli.home, "many.json");
  await writeFile(file, JSON.stringify({ hostrun: 1, hosts: many }));
  expect(await told(file)).toContain("has 12000 hosts, which is more than fits into one import (1 MiB)");
  expect(await said("hosts", "import", "--from", file, "--name", "many-3")).toContain("1 host was imported.");
  await said("hosts", "remove", "many-3");
});

test("saved hosts are exported without what is usual, and imported again", async () => {
  await said("hosts", "add", "away", "ann@10.4.0.1", "--tag", "eu", "--favorite", "--transport", "openssh");
  await said("hosts", "add", "plain", "10.4.0.2");
  const file = join(cli.home, "hosts.json");
  expect(await said("hosts", "export", "away", "plain", "-o", file)).toBe(`Wrote ${file}.\n`);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
    hostrun: 1,
    hosts: [
      {
        name: "away",
        address: "10.4.0.1",
        port: 22,
        user: "ann",
        tags: ["eu"],
        favorite: true,
        transport: "openssh",
      },
      { name: "plain", address: "10.4.0.2", port: 22 },
    ],
  });
  expect(await said("hosts", "export", "plain")).toMatch(/^\{\n {2}"hostrun": 1,\n/);
  expect(await said("hosts")).toMatch(/^NAME .*\n★ away +ann@10/);
  expect((await complained("hosts", "export", "-o", file))[1]).toContain(
    "is there already, and is not written over",
  );
  expect((await complained("hosts", "export", "nobody"))[1]).toContain("No saved host is named nobody.");
  for (const name of ["away", "plain"]) await said("hosts", "remove", name);
  expect(await said("hosts", "import", "--from", file, "--name", "away")).toContain("1 host was imported.\n");
  const away = Host.parse(JSON.parse(await said("hosts", "show", "away", "--json")));
  expect(away).toMatchObject({ user: "ann", tags: ["eu"], favorite: true, transport: "openssh" });
  expect(await said("hosts", "import", "--from", file, "--update")).toContain("1 host is the same.\n");
  expect((await complained("hosts", "import", "--from", "/etc/passwd"))[1]).toContain(
    "is not what `hostrun hosts export`",
  );
  for (const name of ["away", "plain"]) await said("hosts", "remove", name);
});

test("a run is found by last, by its id and by the beginning of it", async () => {
  await cli.run(["run", "web1", "--", "echo out; echo err >&2; exit 3"]);
  const run = Run.parse(JSON.parse(await said("show", "last", "--json")));
  expect(run).toMatchObject({ exitCode: 3, command: "echo out; echo err >&2; exit 3" });
  expect(Run.parse(JSON.parse(await said("show", run.id, "--json"))).id).toBe(run.id);
  expect(Run.parse(JSON.parse(await said("show", run.id.slice(0, 18), "--json"))).id).toBe(run.id);
  expect(await said("show", "last", "--output", "--stream", "stderr")).toBe("err\n");
  expect(await said("show", "last")).toMatch(/Outcome +exit 3\n[^]*\n\n(?:out\nerr|err\nout)\n$/);
  expect(await complained("show", "ffffffff")).toEqual([
    1,
    "hostrun: No run's id begins with ffffffff. See `hostrun history`.\n",
  ]);
  expect((await complained("show", "nonsense"))[0]).toBe(2);
});

test("a beginning that fits several runs is refused", async () => {
  for (const word of ["a", "b"]) await cli.run(["run", "web1", "--", `echo ${word}`]);
  const [status, told] = await complained("show", "0");
  expect(status).toBe(1);
  expect(told).toContain("More than one run");
});

test("the history is listed, filtered and made visible", async () => {
  await cli.run(["run", "web1", "--", "echo needle; # \u001b[31m\nsecond"]);
  const listed = await said("history", "--search", "needle", "--host", "web1");
  expect(listed).toContain(String.raw`echo needle; # \e[31m\nsecond`);
  expect(listed.trimEnd().split("\n")).toHaveLength(2);
  expect(z.array(Run).parse(JSON.parse(await said("history", "--json", "--limit", "2")))).toHaveLength(2);
  expect(await complained("history", "--outcome", "exitted")).toEqual([
    2,
    expect.stringContaining("exited, signaled"),
  ]);
});

test("a run can be cancelled from elsewhere", async () => {
  const child = cli.start(["run", "-n", "web1", "--", "echo up; sleep 60"]);
  const running = finish(child);
  await seen(child.stdout, "up\n");
  expect(await said("cancel", "last", "--grace", "200ms")).toContain("is being cancelled");
  const { status, stderr } = await running;
  expect([status, stderr.toString()]).toEqual([130, "hostrun: The run was cancelled.\n"]);
});

test.each([["--help"], ["run", "--help"], ["config"]])(
  "a reader that has left is no fault: %s %s",
  async (...args) => {
    const child = cli.start(args);
    child.stdout.destroy();
    const { status, stderr } = await finish(child);
    expect([0, 141]).toContain(status);
    expect(stderr.toString()).toBe("");
  },
);

const escaped = (text: string): string => text.replace(/[+/]/g, "\\$&");

test("a host key is trusted by hand, listed and forgotten", async () => {
  const [{ publicKey, fingerprint } = { publicKey: "", fingerprint: "" }] = sshd.hostKeys;
  const [type = "", key = ""] = publicKey.split(" ");
  expect(await said("known-hosts", "add", "[10.9.9.9]:2222", type, key)).toContain(fingerprint);
  expect(await said("known-hosts")).toMatch(
    new RegExp(`^10\\.9\\.9\\.9:2222 +ssh-ed25519 +${escaped(fingerprint)} *$`, "m"),
  );
  await said("known-hosts", "remove", "10.9.9.9:2222");
  const listed = await said("known-hosts");
  expect(listed).not.toContain("10.9.9.9");
  expect(listed).toContain(join(cli.home, ".ssh/known_hosts:1"));
});

test("without a terminal an unknown key is shown with how to trust it, and that way works", async () => {
  await using other = await openSshd();
  await said(
    "hosts",
    "add",
    "new1",
    `${other.user}@${other.address}:${other.port}`,
    "-i",
    other.clientKey.path,
  );
  const [status, told] = await complained("run", "--batch", "new1", "--", "echo hi");
  expect(status).toBe(255);
  expect(told).toContain(other.hostKeys[0]?.fingerprint);
  const [, ...words] = /hostrun (known-hosts add \S+ \S+)/.exec(told)?.[1]?.split(" ") ?? [];
  await said("known-hosts", ...words);
  expect(await said("run", "new1", "--", "echo hi")).toBe("hi\n");
  await said("hosts", "remove", "new1");
});

test.each([
  ["yes", ["perhaps", "yes"], 0],
  ["the fingerprint", ["SHA256:other", "FINGERPRINT"], 0],
  ["no", ["no"], 255],
])("on a terminal a person is asked about an unknown key, and answers %s", async (_, answers, expected) => {
  await using other = await openSshd();
  const [hostKey] = other.hostKeys;
  const fingerprint = hostKey?.fingerprint ?? "";
  await said(
    "hosts",
    "add",
    "new2",
    `${other.user}@${other.address}:${other.port}`,
    "-i",
    other.clientKey.path,
  );
  const terminal = cli.startOnTerminal(["run", "-n", "new2", "--", "echo it ran"]);
  const told: string[] = [];
  terminal.stdout.on("data", (chunk: Buffer) => told.push(String(chunk)));
  const ended = finish(terminal);
  await seen(terminal.stdout, "[yes/no/fingerprint] ");
  expect(told.join("")).toContain(`ssh-ed25519 key, fingerprint ${fingerprint}`);
  const [first = "", second] = answers;
  terminal.stdin.write(`${first}\n`);
  if (second !== undefined) {
    await seen(terminal.stdout, "Please type yes, no, or the fingerprint: ");
    terminal.stdin.write(`${second.replace("FINGERPRINT", fingerprint)}\n`);
  }
  expect((await ended).status).toBe(expected);
  expect(told.join("").includes("it ran\r\n")).toBe(expected === 0);
  const known = await cli.run(["known-hosts"]);
  expect(known.stdout.toString().includes(fingerprint)).toBe(expected === 0);
  await said("hosts", "remove", "new2");
});

test("a destination is run on without being saved, options end at it, and no -- is needed", async () => {
  const key = `Host *\n  IdentityFile ${sshd.clientKey.path}\n`;
  await writeFile(join(cli.home, ".ssh/config"), key);
  const destination = `${sshd.user}@${sshd.address}:${sshd.port}`;
  expect(await said("hosts", "test", destination)).toContain("Login");
  expect(await said("hosts", "show", destination, "--format", "{{.address}} {{.port}}")).toBe(
    `${sshd.address} ${sshd.port}\n`,
  );
  expect(await said("run", destination, "echo", "-n", "--help")).toBe("--help");
  expect(await said("hosts", "--format", "{{.name}}")).toBe("web1\n");
  await writeFile(join(cli.home, ".ssh/config"), "");
});

test("on a production host nothing runs without a yes", async () => {
  await said("hosts", "edit", "web1", "--production");
  const marker = join(cli.home, "marker");
  const command = `touch ${marker}`;
  for (const host of ["web1", `${sshd.user}@web1`]) {
    expect(await complained("run", "--batch", host, command)).toEqual([
      255,
      `hostrun: ${host} is a production host. Nothing was run; --yes runs it without a question.\n`,
    ]);
  }
  const answered = async (answer: string): Promise<[unknown, string]> => {
    const terminal = cli.startOnTerminal(["run", "-n", "web1", command]);
    const told: string[] = [];
    terminal.stdout.on("data", (chunk: Buffer) => told.push(String(chunk)));
    const ended = finish(terminal);
    await seen(terminal.stdout, "Run it on web1? [yes/no] ");
    terminal.stdin.write("\n");
    await seen(terminal.stdout, "Please type yes or no: ");
    terminal.stdin.write(`${answer}\n`);
    return [(await ended).status, told.join("")];
  };
  const [refused, told] = await answered("no");
  expect([refused, told]).toEqual([255, expect.stringContaining("Nothing was run.")]);
  expect(told).toContain(`  ${command}\r\n`);
  await expect(access(marker)).rejects.toThrow("ENOENT");
  expect((await answered("yes"))[0]).toBe(0);
  await access(marker);
  expect(await said("run", "--batch", "--yes", "web1", `rm ${marker}`)).toBe("");
  await said("hosts", "edit", "web1", "--no-production");
});

test("settings are shown with where they come from, and changed", async () => {
  expect(await said("config")).toMatch(/^poolIdleMs +60000 +default$/m);
  expect(await said("config", "set", "poolIdleMs", "30s")).toBe("poolIdleMs is 30000 (config).\n");
  expect(await said("config", "get", "poolIdleMs")).toBe("30000\n");
  expect(JSON.parse(await readFile(join(cli.stateDirectory, "config.json"), "utf8"))).toEqual({
    poolIdleMs: 30_000,
  });
  expect(await said("config", "unset", "poolIdleMs")).toBe("poolIdleMs is 60000 (default).\n");
  expect((await complained("config", "set", "poolIdleMs", "soon"))[0]).toBe(2);
  expect((await complained("config", "set", "logLevel", "loud"))[0]).toBe(2);
  expect((await complained("config", "get", "poolIdelMs"))[1]).toContain("Did you mean poolIdleMs?");
});

test("the daemon is stopped, found stopped, started and shown", async () => {
  expect(await said("stop")).toMatch(/^The daemon \(process \d+\) has stopped\.\n$/);
  expect(await said("stop")).toBe("The daemon was not running.\n");
  const down = await cli.run(["status"]);
  expect([down.status, down.stdout.toString()]).toEqual([3, expect.stringContaining("not running")]);
  const started = await said("start");
  const pid = /process (\d+)/.exec(started)?.[1] ?? "";
  expect(await said("start")).toBe(started);
  expect(await said("status")).toContain(`process ${pid}`);
  expect(JSON.parse(await said("status", "--json"))).toMatchObject({ running: true, pid: Number(pid) });
  expect(await said("restart")).not.toContain(`process ${pid},`);
});

test("the log is shown, readable or as it is", async () => {
  await said("restart");
  expect(await said("logs")).toMatch(/^\d{4}-\S+Z info {2}The daemon is ready pid=\d+/m);
  expect(JSON.parse(await said("logs", "--json", "-n", "1"))).toHaveProperty("message");
});

test("logs -f goes on with what is written", async () => {
  const child = cli.start(["logs", "-f", "-n", "0"]);
  const ready = seen(child.stdout, "The daemon is ready");
  await said("restart");
  await ready;
  child.kill("SIGTERM");
  await finish(child);
});

test("the daemon in the foreground ends with its signal, cleanly", async () => {
  await said("stop");
  const child = cli.start(["daemon", "--log-level", "debug"]);
  const ended = finish(child);
  let pid: unknown;
  while (pid === undefined) {
    const { status, stdout } = await cli.run(["status", "--json"]);
    if (status === 0) ({ pid } = z.object({ pid: z.int() }).parse(JSON.parse(stdout.toString())));
  }
  expect(pid).not.toBe(child.pid);
  child.kill("SIGTERM");
  expect((await ended).status).toBe(0);
  expect((await cli.run(["status"])).status).toBe(3);
});
