import { once } from "node:events";
import { access, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { JobEvent } from "../../protocol/job-event.ts";
import { finish, openCli } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";
import { openTerminal } from "../support/terminal.ts";
import { openSshd } from "../support/sshd.ts";

await using starting = new AsyncDisposableStack();
const sshd = starting.use(await openSshd());
const cli = starting.use(await openCli(sshd));
const owned = starting.move();
afterAll(() => owned.disposeAsync());

/** Six hosts of one server. */
beforeAll(async () => {
  const { address, port, user, clientKey } = sshd;
  for (let index = 1; index <= 6; index += 1) {
    const name = `node${index}`;
    const tags = index % 2 === 0 ? ["--tag", "even"] : [];
    const added = await cli.run([
      "hosts",
      "add",
      name,
      `${user}@${address}:${port}`,
      "--identity-file",
      clientKey.path,
      ...tags,
    ]);
    expect(added.stderr.toString()).toBe("");
    expect(added.status).toBe(0);
  }
});

async function ran(...args: readonly string[]): Promise<{ status: unknown; stdout: string; stderr: string }> {
  const { status, stdout, stderr } = await cli.run(args);
  return { status, stdout: stdout.toString(), stderr: stderr.toString() };
}

const sorted = (text: string): string[] => text.split("\n").filter(Boolean).toSorted();

test("what the cache answered is told, with its age", async () => {
  const words = ["run", "-n", "--cache-ttl", "1h", "node[1-2]", "--", "echo cached"];
  await ran(...words);
  const { status, stdout, stderr } = await ran(...words);
  expect(status).toBe(0);
  expect(sorted(stdout)).toEqual(["node1: cached", "node2: cached"]);
  expect(stderr).toMatch(
    /2 of 2 hosts ended with exit status 0\.\n {2}2 answered from the cache, up to [\d.]+ m?s old; --no-cache runs it again\n$/,
  );
  const shown = await ran("jobs", "show", "last");
  expect(shown.stdout.match(/exit 0 \(cached\)/g)).toHaveLength(2);
});

test("a job on one host says 1 host", async () => {
  const { stderr } = await ran("run", "-n", "node[1-1]", "--", "true");
  expect(stderr).toContain("hostrun: 1 host: node1\n");
  expect(stderr).toContain("hostrun: 1 of 1 host ended with exit status 0.\n");
});

test("each line of output stands behind its host's name, and what came of it at the end", async () => {
  const { status, stdout, stderr } = await ran(
    "run",
    "node[1-3]",
    "node5",
    "--",
    "printf 'one\\ntwo'; echo oh >&2",
  );
  expect(status).toBe(0);
  const names = ["node1", "node2", "node3", "node5"];
  expect(sorted(stdout)).toEqual(names.flatMap((name) => [`${name}: one`, `${name}: two`]).toSorted());
  const notes = stderr.split("\n").filter((line) => line.startsWith("hostrun:"));
  expect(notes).toEqual(["hostrun: 4 hosts: node[1-3,5]", "hostrun: 4 of 4 hosts ended with exit status 0."]);
  expect(sorted(stderr).filter((line) => !line.startsWith("hostrun:"))).toEqual(
    names.map((name) => `${name}: oh`),
  );
});

test("output that is the same is shown once", async () => {
  const counter = join(cli.home, "first");
  const command = `mkdir ${counter} 2>/dev/null && echo odd || echo same`;
  const { status, stdout } = await ran("run", "--gather", "-q", "node*", "--", command);
  expect(status).toBe(0);
  const line = "-".repeat(15);
  expect(stdout).toMatch(
    new RegExp(
      `^${line}\\nnode\\[[^\\n]*\\] \\(5\\)\\n${line}\\nsame\\n${line}\\nnode\\d \\(1\\)\\n${line}\\nodd\\n$`,
    ),
  );
});

test("the exit status is 0 only where every host's is, and the reasons are told", async () => {
  const { status, stderr } = await ran("run", "tag:even", "--", "exit 3");
  expect(status).toBe(1);
  expect(stderr).toContain("hostrun: 0 of 3 hosts ended with exit status 0.\n  node[2,4,6]: exit status 3\n");
  const held = await ran("run", "--batches", "1", "--fail-fast", "node*", "--", "false");
  expect(held.stderr).toContain("  node1: exit status 1\n  5 not started: too many hosts failed before\n");
});

test("events are JSON, a line each", async () => {
  const { stdout } = await ran("run", "--json", "node1", "node2", "--", "echo hi");
  const lines = stdout.trimEnd().split("\n");
  const types = lines.map((line) => JobEvent.parse(JSON.parse(line)).type);
  expect(types.filter((type) => type === "complete")).toHaveLength(2);
  expect(types.at(-1)).toBe("jobComplete");
});

test("a target that means nobody runs nothing", async () => {
  const marker = join(cli.home, "marker");
  const { status, stdout, stderr } = await ran("run", "node1", "web9", "--", `touch ${marker}`);
  expect([status, stdout]).toEqual([255, ""]);
  expect(stderr).toContain("There is no host for web9. Nothing was run.");
  await expect(access(marker)).rejects.toThrow("ENOENT");
  const shown = await ran("targets", "node[1-2]", "!node2", "nope*");
  expect(shown).toEqual({ status: 1, stdout: "node1\n", stderr: "hostrun: There is no host for nope*.\n" });
});

test("hosts with unknown keys are one line, with what trusts them, also when the groups are shown later", async () => {
  const { port, user } = sshd;
  for (const name of ["new1", "new2"]) await ran("hosts", "add", name, `${user}@localhost:${port}`);
  const failed = await ran("run", "--batch", "new*", "--", "true");
  expect(failed.stderr).toContain("  new[1-2]: Unknown host key, e.g.: The host key of new1");
  const groups = await ran("jobs", "groups", "last");
  expect(groups.stderr).toContain("  new[1-2]: Unknown host key, e.g.: The host key of new1");
  for (const name of ["new1", "new2"]) await ran("hosts", "remove", name);
  expect(groups.stderr.split(`hostrun known-hosts add localhost:${port} `)).toHaveLength(2);
});

test.each([
  [["--batches", "0"], 2, '--batches is "0", but must be a number of hosts from 1 or a share such as 20%.'],
  [["--batches", "1,200%"], 2, '--batches is "200%", but must be a number of hosts'],
  [["--max-failures", "x"], 2, '--max-failures is "x", but must be a number of hosts or a share'],
  [["--forks", "0"], 2, '--forks is "0", but must be a whole number from 1 to 1000.'],
  [["--batches", Array.from({ length: 101 }, () => "1").join()], 2, "hostrun: --batches: "],
  [["--timeout", "9999h"], 2, "hostrun: --timeout: "],
  [["--cwd", ""], 2, "hostrun: --cwd: "],
])("what is wrong with %j is told by the name of the option", async (options, expected, words) => {
  for (const targets of [["node1"], ["node1", "node2"]]) {
    if (targets.length === 1 && options[1]?.length === 201) continue;
    const { status, stderr } = await ran("run", "-q", ...options, ...targets, "--", "true");
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/maxFailures|batches\.|concurrency|timeoutMs/);
    expect(status).toBe(expected);
  }
});

// All of these names are one machine: what is production is, under each of them.
test("production hosts are named before anything runs there", async () => {
  await ran("hosts", "edit", "node2", "--production");
  const marker = join(cli.home, "marker");
  const refused = await ran("run", "--batch", "node*", "--", `touch ${marker}`);
  expect([refused.status, refused.stderr]).toEqual([
    255,
    "hostrun: 6 hosts: node[1-6]\nhostrun: Production hosts: node[1,3-6] (the machine of node2), node2. Nothing was run; --yes runs it without a question.\n",
  ]);
  await expect(access(marker)).rejects.toThrow("ENOENT");
  const agreed = await ran("run", "--yes", "node*", "--", "true");
  expect(agreed.status).toBe(0);
  await ran("hosts", "edit", "node2", "--no-production");
});

test.each(["web1", "web1 node1"])(
  "where the daemon ends while a person is asked, the run on %s goes on with the next one, once",
  async (targets) => {
    await ran("hosts", "edit", "web1", "--production");
    const marker = join(cli.home, `runs of ${targets}`);
    const terminal = openTerminal(cli, "run", "-n", ...targets.split(" "), "--", `echo x >> '${marker}'`);
    await terminal.shows("[yes/no] ");
    expect((await ran("stop")).status).toBe(0);
    terminal.type("yes\n");
    const { status } = await terminal.ended;
    expect([status, terminal.shown()]).toEqual([0, expect.not.stringContaining("daemon")]);
    expect(await readFile(marker, "utf8")).toBe("x\n".repeat(targets.split(" ").length));
    await ran("hosts", "edit", "web1", "--no-production");
  },
);

test("Ctrl-C cancels on every host", async () => {
  const child = cli.start(["run", "node[1-3]", "--", "echo began; sleep 60"]);
  const ended = finish(child);
  let told = "";
  child.stdout.on("data", (chunk: Buffer) => {
    told += String(chunk);
  });
  while (!["node1", "node2", "node3"].every((name) => told.includes(`${name}: began`))) {
    await once(child.stdout, "data");
  }
  child.kill("SIGINT");
  const { status, stderr } = await ended;
  expect(status).toBe(130);
  expect(stderr.toString()).toContain("node[1-3]: cancelled");
  // It failed nowhere, and yet is not done.
  const again = await ran("jobs", "rerun", "last");
  expect([again.status, again.stderr]).toEqual([
    1,
    "hostrun: There is no host of the job to run it on (failed): nothing was run. --only unfinished runs it on node[1-3].\n",
  ]);
});

test("Ctrl-C ends the comparison of outputs at once", async () => {
  const child = cli.start(["run", "-q", "--diff", "node[1-2]", "--", "seq 1 200000 | shuf"]);
  const ended = finish(child);
  await once(child.stdout, "data");
  child.kill("SIGINT");
  const { status, stdout } = await ended;
  expect(status).toBe(130);
  expect(stdout.toString()).not.toMatch(/^@@/m);
});

/** Odd on one host, and the same on all others. */
const oddOnOne = (name: string): string =>
  `echo first; mkdir ${join(cli.home, name)} 2>/dev/null && { echo 'odd, "he" said'; exit 3; }; echo same`;

test("how the others differ from the most common output", async () => {
  const { status, stdout } = await ran("run", "--diff", "-q", "node*", "--", oddOnOne("diff"));
  expect(status).toBe(1);
  const line = "-".repeat(15);
  const [head, ...rest] = stdout.split(line);
  expect([head, rest[1]]).toEqual(["", "\nfirst\nsame\n"]);
  expect(rest[0]).toMatch(/^\nnode\[.*\] \(5\)\n$/);
  expect(rest[2]).toMatch(/^\nnode\d \(1\)\n$/);
  expect(rest[3]?.split("\n").slice(3)).toEqual([
    "@@ -1,2 +1,2 @@",
    " first",
    "-same",
    '+odd, "he" said',
    "",
  ]);
  const later = await ran("jobs", "groups", "last", "--diff");
  expect(later).toEqual({ status: 0, stdout, stderr: "" });
});

test("a table has a row a host, and a file the names of those that failed", async () => {
  const file = join(cli.home, "failed");
  const options = ["--format", "csv", "--failed-to", file, "--batches", "5,1", "--fail-fast", "-q"];
  const { status, stdout } = await ran("run", ...options, "node*", "--", `${oddOnOne("csv")}; exit 4`);
  expect(status).toBe(1);
  const odd = stdout.match(/^(node\d),exited,3,,\d+,,"first\nodd, ""he"" said\n",""$/m)?.[1];
  expect(odd).toBeDefined();
  expect(stdout.split("\n").filter((line) => line.startsWith("node"))).toHaveLength(6);
  expect(stdout).toMatch(/^host,outcome,exitCode,signal,durationMs,problem,stdout,stderr\n/);
  expect(stdout).toMatch(/\nnode6,skipped,,,,,,\n$/);
  const names = (await readFile(file, "utf8")).split("\n");
  expect(names.toSorted().slice(1)).toEqual([1, 2, 3, 4, 5, 6].map((number) => `node${number}`));
  const unwritable = await ran("run", "--failed-to", "/nowhere/x", "node1", "--", `touch ${file}2`);
  expect([unwritable.status, unwritable.stderr]).toEqual([2, expect.stringContaining("/nowhere/x")]);
  await expect(access(`${file}2`)).rejects.toThrow("ENOENT");
});

test("the names of those that failed stay where nothing was run, and are told where they cannot be written", async () => {
  const file = join(cli.home, "retry");
  const refused = async () =>
    (await ran("run", "-q", "--failed-to", file, "node1", "node99", "--", "true")).status;
  expect(await refused()).toBe(255);
  await expect(access(file)).rejects.toThrow("ENOENT");
  await writeFile(file, "node1\nnode2\n");
  expect(await refused()).toBe(255);
  expect(await readFile(file, "utf8")).toBe("node1\nnode2\n");
  expect((await ran("run", "-q", "--failed-to", file, "node1", "--", "true")).status).toBe(0);
  expect(await readFile(file, "utf8")).toBe("");
  const full = await ran("run", "--failed-to", "/dev/full", "node1", "node2", "--", "false");
  expect(full.status).toBe(255);
  expect(full.stderr).toContain("0 of 2 hosts ended with exit status 0.");
  expect(full.stderr).toMatch(
    /\nhostrun: The hosts that failed could not be written to \/dev\/full: ENOSPC\.\n$/,
  );
  expect((await ran("run", "--failed-to", "-", "node1", "--", "true")).status).toBe(2);
});

test("hosts of an earlier job are named by the beginning of its id, or by last", async () => {
  await ran("run", "-q", "node[1-3]", "--", oddOnOne("earlier"));
  const { stdout } = await ran("jobs", "-n", "1", "--format", "{{.id}}");
  const failed = await ran("targets", `@failed:${stdout.trim()}`);
  expect(failed.stdout).toMatch(/^node\d\n$/);
  for (const word of ["last", stdout.slice(0, 18)]) {
    expect((await ran("targets", `@failed:${word}`)).stdout).toBe(failed.stdout);
  }
  const again = await ran("run", "-q", "@failed:last", "--", "true");
  expect([again.status, again.stderr]).toEqual([0, ""]);
  const unknown = await ran("targets", "@failed:ffff");
  expect([unknown.status, unknown.stderr]).toEqual([
    1,
    expect.stringContaining("No job's id begins with ffff."),
  ]);
});

test("the same bytes on another stream are no difference in the bytes, and are called what they are", async () => {
  const marker = join(cli.home, "streams");
  const command = `if mkdir ${marker} 2>/dev/null; then echo out >&2; else echo out; fi`;
  const { stdout } = await ran("run", "-q", "--diff", "node[1-3]", "--", command);
  expect(stdout).toContain("The same bytes, but not on the same streams (stdout, stderr)\n");
});

test("jobs are listed, shown, and run again where they failed", async () => {
  const marker = join(cli.home, "again");
  const command = `echo x >> ${marker}; test $(wc -l < ${marker}) -gt 2`;
  await ran("run", "-q", "-f", "1", "node[1-3]", "--", command);
  const listed = await ran("jobs", "-n", "1", "--format", "{{.counts.exitedOther}} {{.outcome}}");
  expect(listed.stdout).toBe("2 failed\n");
  const shown = await ran("jobs", "show", "last");
  expect(shown.stdout).toContain("Counts   1 exit 0, 2 exit other\n");
  expect(shown.stdout.split("\n").filter((line) => / exit 1 /.test(line))).toHaveLength(2);
  const again = await ran("jobs", "rerun", "last");
  expect([again.status, again.stderr]).toEqual([
    0,
    "hostrun: node[1-2]\nhostrun: 2 of 2 hosts ended with exit status 0.\n",
  ]);
  expect((await readFile(marker, "utf8")).length).toBe(10);
  const over = await ran("jobs", "rerun", "last");
  expect([over.status, over.stderr]).toEqual([
    0,
    "hostrun: There is no host of the job to run it on (failed): nothing was run.\n",
  ]);
  expect((await readFile(marker, "utf8")).length).toBe(10);
  expect((await ran("jobs", "cancel", "last")).stdout).toMatch(/had ended before: succeeded\.\n$/);
  expect((await ran("jobs", "show", "zz")).status).toBe(2);
  const none = await ran("jobs", "-n", "0");
  expect(none.stderr).toContain('--limit is "0", but must be a whole number from 1.');
  expect(none.status).toBe(2);
});

test("a job is run again with its secret variables, and shown as a new one is", async () => {
  const env = { TOKEN: "canary-TOKEN" };
  const command = `test "$TOKEN" = canary-$(echo TOKEN) && ${oddOnOne("rerun")}`;
  const first = await cli.run(["run", "-q", "--secret-env", "TOKEN", "node[1-3]", "--", command], { env });
  expect([first.status, first.stderr.toString()]).toEqual([1, ""]);
  const rerun = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await cli.run(["jobs", "rerun", "last", "--only", "all", ...args], {
      env,
    });
    return { status, stdout: stdout.toString(), stderr: stderr.toString() };
  };
  const without = await rerun();
  expect(without.stderr).toContain("Give them again: --secret-env TOKEN.\n");
  expect([without.status, without.stdout]).toEqual([2, ""]);
  await rm(join(cli.home, "rerun"), { recursive: true });
  const failed = join(cli.home, "rerun-failed");
  const compared = await rerun("--secret-env", "TOKEN", "-q", "--diff", "--failed-to", failed);
  expect([compared.status, compared.stderr]).toEqual([1, ""]);
  expect(compared.stdout).toMatch(
    /^-+\nnode\[.*\] \(2\)\n-+\nfirst\nsame\n-+\nnode\d \(1\)\n[^]*\n\+odd, "he" said\n$/,
  );
  expect(await readFile(failed, "utf8")).toMatch(/^node\d\n$/);
  const csv = await rerun("--secret-env", "TOKEN", "-q", "--format", "csv");
  expect(csv.stdout).toMatch(/^host,outcome[^\n]*\n(?:node\d,exited,0,,\d+,,"first\nsame\n",""\n){3}$/);
  const events = await rerun("--secret-env", "TOKEN", "--format", "json");
  const types = events.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JobEvent.parse(JSON.parse(line)).type);
  expect(types.at(-1)).toBe("jobComplete");
  expect(await rerun("--diff", "--json")).toMatchObject({ status: 2 });
  expect((await ran("jobs", "show", "last", "--json")).stdout).not.toContain("canary-TOKEN");
});

test("Ctrl-C on a terminal says that the job is cancelled, and a second one that this goes on", async () => {
  const terminal = openTerminal(
    cli,
    "run",
    "-n",
    "node[1-3]",
    "--",
    "trap '' INT TERM; echo trapped; sleep 20",
  );
  for (const _ of [1, 2, 3]) await terminal.shows("trapped");
  await terminal.shows("3 under way");
  terminal.type("\u0003");
  // The progress makes room for it.
  await terminal.shows(
    "\r\u001b[K\u001b[1mhostrun:\u001b[0m Cancelling; press Ctrl-C again to stop waiting.",
  );
  terminal.type("\u0003");
  await terminal.shows("Detached. The command is still being cancelled; `hostrun jobs show ");
  expect((await terminal.ended).status).toBe(130);
});

test("a terminal shows how far a job is, below its output", async () => {
  const file = join(cli.home, "go");
  const wait = `echo began; until test -e ${file}; do sleep 0.1; done`;
  const terminal = openTerminal(cli, "run", "-n", "node[1-3]", "--", wait);
  await terminal.shows("0 of 3 hosts ended, 3 under way");
  await writeFile(file, "");
  const { status } = await terminal.ended;
  expect(status).toBe(0);
  const shown = terminal.shown().replaceAll("\r\n", "\n");
  // What is erased is not seen any more.
  const seen = shown
    .split("\n")
    .map((line) => stripVTControlCharacters(line.split("\r\u001b[K").at(-1) ?? ""))
    .join("\n");
  expect(sorted(seen)).toEqual([
    "hostrun: 3 hosts: node[1-3]",
    "hostrun: 3 of 3 hosts ended with exit status 0.",
    "node1: began",
    "node2: began",
    "node3: began",
  ]);
});

test("a job that ends while the daemon makes its end is shown whole, by the next daemon if need be", async () => {
  await using marks = await openDirectory({ readable: true });
  const command = `: > ${marks.join("$$")}; while [ -e ${marks.path} ]; do sleep 0.1; done; echo said`;
  const kinds = [[], ["--gather"], ["--format", "csv"], ["--json"]];
  const ends = kinds.map((options) => ran("run", ...options, "node1", "node2", "--", command));
  await expect.poll(async () => (await readdir(marks.path)).length).toBe(2 * kinds.length);
  const stopped = ran("stop", "--drain");
  await delay(1000);
  await rm(marks.path, { recursive: true });
  expect((await stopped).status).toBe(0);
  const ended = await Promise.all(ends);
  expect(ended.map(({ status, stderr }) => [status, /hostrun: No Hostrun daemon.*/.exec(stderr)])).toEqual(
    kinds.map(() => [0, null]),
  );
  for (const { stdout } of ended) expect(stdout).toContain("said");
});
