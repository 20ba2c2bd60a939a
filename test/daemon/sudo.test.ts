import { access, writeFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import type { Prompt } from "../../protocol/prompt.ts";
import { type AnsweredRun, runAnswered } from "../support/answered-run.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { knowHosts } from "../support/hosted-daemon.ts";
import { problemOf } from "../support/http.ts";
import type { RunReading } from "../support/run-stream.ts";
import { SecretSearch } from "../support/secret-search.ts";
import { openSshd } from "../support/sshd.ts";
import { openSudoUser, type SudoUserOptions } from "../support/sudo-user.ts";
import type { UnixUser } from "../support/unix-user.ts";

const password = "canary-sudo-4711";
const transports = ["ssh2", "openssh"] as const;

await using stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory({ readable: true }));
const all = "ALL=(ALL:ALL) NOPASSWD: ALL";
const account = async (options: SudoUserOptions) => stack.use(await openSudoUser(options));
const [user, listed, free, strict, fish, bare, other] = await Promise.all([
  account({ password, defaults: "lecture=always" }),
  account({ password, may: "" }),
  account({ may: all }),
  account({ password, defaults: "requiretty" }),
  account({ may: all, shell: "/usr/bin/fish" }),
  account({ shell: "/usr/bin/zsh" }),
  account({ password: "another one" }),
]);
const sshd = stack.use(await openSshd());
await knowHosts(directory.path, sshd.knownHosts);
const daemon = stack.use(await openTestDaemon({ home: directory.path, flags: ["--log-level", "debug"] }));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

async function save(name: string, { name: login }: UnixUser, fields: object = {}): Promise<void> {
  const { address, port, clientKey } = sshd;
  const body = { name, address, port, user: login, identityFile: clientKey.path, ...fields };
  await daemon.client.call("createHost", { body });
}
await save("free", free);
await save("listed", listed);
await save("strict", strict);
await save("fish", fish);
await save("other", other);
// A login that finds no program.
await writeFile(`${bare.home}/.zshenv`, "PATH=/nonexistent\n");
await save("none", bare);
for (const transport of transports) await save(transport, user, { transport });

/** A run as root; `asked` has the prompts, to which `answers` are given in order. */
async function asRoot(
  command: string,
  { answers = [], ...options }: Partial<AnsweredRun> & { answers?: string[] },
) {
  const asked: Prompt[] = [];
  const reading = await runAnswered(daemon, command, {
    host: "ssh2",
    sudo: true,
    answer(prompt) {
      asked.push(prompt);
      return { answers: [answers[asked.length - 1] ?? ""] };
    },
    ...options,
  });
  return { asked, reading };
}

const outcomeOf = (reading: RunReading) => {
  const { outcome, exitCode } = reading.complete;
  return { outcome, exitCode, stdout: reading.text("stdout"), stderr: reading.text("stderr") };
};
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

describe.each(transports)("over %s", (host) => {
  test("a command runs as root once the password was asked for, with its input, variables and directory", async () => {
    const { asked, reading } = await asRoot(
      'id -u; pwd; echo "$PLAIN $SECRET"; cat; echo "own words" >&2; exit 3',
      {
        host,
        answers: [password],
        cwd: "/root",
        env: { PLAIN: "plain $HOME" },
        secretEnv: { SECRET: "it's" },
        stdin: "first\nsecond",
      },
    );
    expect(outcomeOf(reading)).toMatchObject({
      outcome: "exited",
      exitCode: 3,
      stdout: "0\n/root\nplain $HOME it's\nfirst\nsecond",
    });
    // sudo's own words are recorded, as ever; what Hostrun has it ask by is not.
    expect(reading.text("stderr")).toMatch(/own words\n$/);
    expect(reading.text("stderr")).not.toContain("hostrun-");
    expect(asked).toMatchObject([
      { kind: "secret", host, user: user.name, attempt: 1, fields: [{ echo: false }] },
    ]);
    expect(asked[0]?.title).toBe(`Password of ${user.name} for sudo on ${host}`);
  });

  test("a command that is cancelled as root ends, for certain", async () => {
    const { reading } = await asRoot("trap '' INT; echo $$; sleep 1000 & wait; sleep 1000", {
      host,
      answers: [password],
      async told(so, event) {
        if (event.type === "output" && event.stream === "stdout") {
          await daemon.client.call("cancelRun", { params: { run: so.id }, body: { graceMs: 300 } });
        }
      },
    });
    expect(reading.complete.outcome).toBe("cancelled");
    expect(await exists(`/proc/${reading.text("stdout").trim()}`)).toBe(false);
    const run = await daemon.client.call("getRun", { params: { run: reading.id } });
    expect(run.stopConfirmed).toBe(true);
  });
});

test("a person is not asked where sudo does not ask", async () => {
  const { asked, reading } = await asRoot("id -u", { host: "free", prompts: "fail" });
  expect({ asked, ...outcomeOf(reading) }).toMatchObject({
    asked: [],
    exitCode: 0,
    stdout: "0\n",
    stderr: "",
  });
});

test("a command on a terminal shows nothing of the password", async () => {
  const { reading } = await asRoot("tty >/dev/null && id -u", { pty: true, answers: [password] });
  expect(reading.complete.exitCode).toBe(0);
  expect(reading.text("stdout")).toMatch(/0\r\n$/);
  expect(reading.text("stdout")).not.toMatch(/hostrun-|canary/);
});

describe.concurrent("what is typed wrong", () => {
  test("runs nothing, and is asked for again; sudo's words are shown with the question", async () => {
    const { asked, reading } = await asRoot(`touch ${user.home}/ran; echo once`, {
      answers: ["wrong", password],
    });
    expect(reading.text("stdout")).toBe("once\n");
    expect(asked.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(asked[0]?.instructions).toContain("lecture");
    expect(asked[1]?.instructions).toBe("Sorry, try again.");
  });

  test("ends it at the third time, and the command has not run", async () => {
    const ran = `${directory.path}/ran`;
    const answers = ["wrong", "wrong", "wrong"];
    const { asked, reading } = await asRoot(`touch ${ran}`, { host: "listed", answers });
    expect(asked).toHaveLength(3);
    expect(reading.complete.outcome).toBe("failed");
    expect(reading.problem).toMatchObject({ code: "sudo_failed" });
    expect(reading.problem.message).toMatch(/3 incorrect password attempts.*has not run.*3 passwords/);
    expect(await exists(ran)).toBe(false);
  });
  test("in a job is asked once for all hosts, by name: it is tried on one, and asked for where a host has another", async (context) => {
    const targets = ["ssh2", "openssh", "other"];
    const asked: Prompt[] = [];
    const answers = [["wrong"], [password], ["another one"]];
    const job = await daemon.client.call("createJob", {
      body: {
        targets,
        command: "id -u",
        sudo: true,
        sameSudoPassword: true,
        prompts: "ask",
        batches: [2, 1],
      },
    });
    // Other tests have theirs.
    const open = async () =>
      (await daemon.client.call("listPrompts")).items.filter(({ title }) =>
        /3 hosts|sudo on other/.test(title),
      );
    for (const answer of answers) {
      await context.expect.poll(async () => (await open()).length).toBe(1);
      const [prompt] = await open();
      if (prompt === undefined) throw new Error("no prompt");
      // Two begin at once; the third host is asked for alone.
      const waiting = asked.length < 2 ? 2 : 1;
      await context.expect.poll(async () => (await open())[0]?.runIds.length).toBe(waiting);
      asked.push(prompt);
      await daemon.client.call("answerPrompt", { params: { prompt: prompt.id }, body: { answers: answer } });
      await context.expect.poll(async () => (await open()).map(({ id }) => id)).not.toContain(prompt.id);
    }
    const get = () => daemon.client.call("getJob", { params: { job: job.id } });
    await context.expect.poll(async () => (await get()).counts.exited0).toBe(3);
    expect(asked.map(({ title }) => title)).toEqual([
      expect.stringMatching(/ for sudo on 3 hosts: /),
      expect.stringMatching(/ for sudo on 3 hosts: /),
      `Password of ${other.name} for sudo on other`,
    ]);
    for (const host of targets) expect(asked[0]?.title).toContain(host);
    const { items } = await daemon.client.call("listJobRuns", { params: { job: job.id } });
    // "Sorry, try again." once for the wrong one, and once for the host that has another.
    const tries = await Promise.all(
      items.map(async ({ id }) => {
        const output = await daemon.http.ask("GET", `/api/runs/${id}/output?stream=stderr`);
        return output.bytes.toString().match(/Sorry/g)?.length ?? 0;
      }),
    );
    expect(tries.reduce((sum, each) => sum + each)).toBe(2);
  });
});

describe("a job's one question", () => {
  const begin = (targets: string[]) => {
    const body = { targets, command: "id -u", sudo: true, sameSudoPassword: true, prompts: "ask" } as const;
    return daemon.client.call("createJob", { body: { ...body, batches: targets.map(() => 1) } });
  };
  const asked = async (title: RegExp) => {
    const open = async () =>
      (await daemon.client.call("listPrompts")).items.filter((each) => title.test(each.title));
    await expect.poll(async () => (await open()).length).toBe(1);
    const [prompt] = await open();
    if (prompt === undefined) throw new Error("no prompt");
    return prompt;
  };
  const runsOf = async (job: string) => {
    const get = () => daemon.client.call("getJob", { params: { job } });
    await expect.poll(async () => (await get()).state).toBe("ended");
    const { items } = await daemon.client.call("listJobRuns", { params: { job } });
    return Promise.all(items.map(({ id }) => daemon.client.call("getRun", { params: { run: id } })));
  };

  test("is asked anew, for those that are left, where sudo on the first host ends", async () => {
    const job = await begin(["listed", "ssh2", "openssh"]);
    const first = await asked(/ for sudo on 3 hosts/);
    const answers = { answers: [password] };
    await daemon.client.call("answerPrompt", { params: { prompt: first.id }, body: answers });
    const second = await asked(/ for sudo on 2 hosts: (?!.*listed)/);
    expect(second.attempt).toBe(1);
    expect(second.instructions).toMatch(
      /^sudo on listed ended without running the command: .*not in the sudoers file/,
    );
    await daemon.client.call("answerPrompt", { params: { prompt: second.id }, body: answers });
    expect((await runsOf(job.id)).filter(({ exitCode }) => exitCode === 0)).toHaveLength(2);
  });

  test("that is declined ends each run by its own host's name", async () => {
    const job = await begin(["ssh2", "openssh"]);
    const { id } = await asked(/ for sudo on 2 hosts/);
    await daemon.client.call("declinePrompt", { params: { prompt: id } });
    for (const { host, problem } of await runsOf(job.id)) {
      expect(problem).toMatchObject({ code: "declined", host: host.name });
      expect(problem?.detail).toMatch(
        new RegExp(`^${host.name} .*password for sudo was asked for.*declined`),
      );
    }
  });
});

test.each([
  ["listed", [password], "sudo_failed", /not in the sudoers file\. The command has not run/],
  ["strict", [], "sudo_failed", /you must have a tty.*has not run.*requiretty/],
  ["none", [], "sudo_failed", /sudo is not installed on none/],
] as const)("what sudo on %s says is told", async (host, answers, code, detail) => {
  const { reading } = await asRoot("echo ran", { host, answers: [...answers] });
  expect(reading.problem.code).toBe(code);
  expect(reading.problem.message).toMatch(detail);
  expect(reading.text("stdout")).toBe("");
});

test("each run is asked for, whatever another one on its connection was given or waits for", async () => {
  const unasked = async () => (await asRoot("id -u", { prompts: "fail" })).reading.problem.code;
  await asRoot("true", { answers: [password] });
  expect(await unasked()).toBe("authentication_failed");
  const { id } = await daemon.client.call("createRun", {
    body: { host: "ssh2", command: "true", sudo: true, prompts: "ask" },
  });
  await expect
    .poll(async () => (await daemon.client.call("listPrompts")).items.flatMap(({ runIds }) => runIds))
    .toContain(id);
  expect(await unasked()).toBe("authentication_failed");
  await daemon.client.call("cancelRun", { params: { run: id }, body: {} });
});

test("where sudo wants a terminal, a run that has one is begun", async () => {
  const { reading } = await asRoot("id -u", { host: "strict", pty: true, answers: [password] });
  expect(reading.text("stdout")).toMatch(/0\r\n$/);
});

test("a run by which nobody can be asked fails at once, and one that is declined fails as declined", async () => {
  const unasked = await asRoot("echo ran", { prompts: "fail" });
  expect(unasked.reading.problem.code).toBe("authentication_failed");
  expect(unasked.reading.text("stdout")).toBe("");
  const { reading } = await asRoot("echo ran", {
    answer: () => "decline",
  });
  expect(reading.problem.code).toBe("declined");
  expect(reading.text("stdout")).toBe("");
});

test.each(["free", "fish"])(
  "a command of 64 KiB is run on %s, and as bash where that is asked for",
  async (host) => {
    const long = `test 1 ]] 2>/dev/null; [[ a == a ]] && id -u # ${"'".repeat(65_000)}`;
    const { reading } = await asRoot(long, { host, useBash: true, env: { A: "'" } });
    expect(outcomeOf(reading)).toMatchObject({ exitCode: 0, stdout: "0\n" });
  },
);

test("a command whose shell cannot read it has begun, and has that shell's status", async () => {
  const { reading } = await asRoot("echo (", { host: "free" });
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 2 });
});

test("a run without a password ends as root, too, when its time is over", async () => {
  const { reading } = await asRoot("echo $$; sleep 1000", { host: "free", timeoutMs: 500 });
  expect(reading.complete.outcome).toBe("timedOut");
  expect(await exists(`/proc/${reading.text("stdout").trim()}`)).toBe(false);
});

test("a password that is kept for the session is asked for once, until it is forgotten", async () => {
  const session = { answer: () => ({ answers: [password], remember: "session" as const }) };
  expect((await asRoot("id -u", session)).reading.text("stdout")).toBe("0\n");
  expect((await asRoot("id -u", { prompts: "fail" })).reading.text("stdout")).toBe("0\n");
  await daemon.client.call("forgetSecrets", { params: { host: "ssh2" } });
  const { reading } = await asRoot("id -u", { prompts: "fail" });
  expect(reading.problem.code).toBe("authentication_failed");
});

test("an answer is one line of at most 255 bytes: sudo leaves the rest to the command", async () => {
  const { id } = await daemon.client.call("createRun", {
    body: { host: "ssh2", command: "true", sudo: true, prompts: "ask" },
  });
  const prompts = async () =>
    (await daemon.client.call("listPrompts")).items.filter(({ runIds }) => runIds.includes(id));
  await expect.poll(async () => (await prompts()).length).toBe(1);
  const params = { prompt: (await prompts())[0]?.id ?? "" };
  const body = { answers: [`${password}\nfor the command`] };
  const refused = await problemOf(daemon.client.call("answerPrompt", { params, body }));
  expect(refused).toMatchObject({ code: "invalid_request", message: "answers: must be one line" });
  await daemon.client.call("cancelRun", { params: { run: id }, body: {} });
  const tooLong = await asRoot("cat", { answers: [`${password}${"x".repeat(255)}`] });
  expect(tooLong.reading.problem.message).toMatch(/longer than 255 bytes/);
});

test("a durable run as root is refused with a reason, and a result as root answers for no other run", async () => {
  const refused = await problemOf(
    daemon.client.call("createRun", { body: { host: "free", command: "id", sudo: true, durable: true } }),
  );
  expect(refused).toMatchObject({
    code: "invalid_request",
    message: "sudo: cannot be combined with durable",
  });
  const cacheTtlMs = 60_000;
  await asRoot("id -u; : cached", { host: "free", cacheTtlMs });
  const again = await daemon.client.call("createRun", {
    body: { host: "free", command: "id -u; : cached", sudo: true, cacheTtlMs },
  });
  expect(again.cached).toBe(false);
});

test("the password is in no file, argument, variable or answer", async () => {
  const search = new SecretSearch({ password });
  const watching = new AbortController();
  const watched = search.watchProcesses(user, watching.signal);
  const { reading } = await asRoot("sleep 0.3; env; ps auxww", { answers: ["canary-wrong-1", password] });
  expect(reading.complete.exitCode).toBe(0);
  watching.abort();
  await watched;
  await search.lookInFiles(daemon.stateDirectory);
  search.look("the stream", JSON.stringify(reading.events));
  for (const path of ["/api/runs", "/api/prompts", "/api/jobs", "/api/hosts"]) {
    search.look(path, (await daemon.http.ask("GET", path)).bytes);
  }
  expect([...search.found]).toEqual([]);
});
