import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { api } from "../../protocol/api.ts";
import type { Prompt } from "../../protocol/prompt.ts";
import { runAnswered } from "../support/answered-run.ts";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { knowHosts } from "../support/hosted-daemon.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { openRedis } from "../support/redis.ts";
import { SecretSearch } from "../support/secret-search.ts";
import { openServerProcess } from "../support/server-process.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSsh2Server } from "../support/ssh2-server.ts";
import { openSshd } from "../support/sshd.ts";

const password = "canary-password-4711";
const passphrase = "canary-passphrase-0815";
const code = "canary-code-31337";
const variable = "canary-variable-2718";
/** No secret: where this is not found, nothing was looked at. */
const harmless = "harmless-1618";

await using stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory({ readable: true }));
const user = stack.use(await openPasswordUser(password));
const locked = await createKey(directory.join("locked"), "ed25519", passphrase);
const byPassword = stack.use(
  await openSshd({
    options: { PasswordAuthentication: "yes", PubkeyAuthentication: "no", MaxAuthTries: 10 },
  }),
);
const byKey = stack.use(await openSshd({ authorizedKeys: [locked.publicKey] }));
const byCode = stack.use(
  await openSsh2Server({
    authentication(context) {
      if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
      context.prompt([{ prompt: "Verification code: ", echo: false }], "Login", "", ([given]) => {
        if (given === code) context.accept();
        else context.reject(["keyboard-interactive"]);
      });
    },
    exec(channel) {
      channel.stdout.write(harmless);
      channel.exit(0);
      channel.end();
    },
  }),
);
const redis = stack.use(await openRedis());
const monitor = stack.use(
  await openServerProcess(["redis-cli", "-p", String(redis.port), "monitor"], { ready: /OK/ }),
);
// Its arguments are there whenever processes are looked at.
stack.use(
  await openServerProcess(["bash", "-c", `echo ready; sleep 1000; : ${harmless}`], { ready: /ready/ }),
);
const home = directory.join("home");
await knowHosts(home, byPassword.knownHosts + byKey.knownHosts + byCode.knownHosts);
const daemon: TestDaemon = stack.use(
  await openTestDaemon({
    home,
    environment: { HOSTRUN_REDIS_URL: redis.url, HARMLESS: harmless },
    flags: ["--log-level", "debug", "--pool-idle-ms", "0"],
  }),
);
const token = await tokenOf(daemon);
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const search = new SecretSearch({ password, passphrase, code, variable, token });
const control = new SecretSearch({ harmless });
const searches = [search, control];

/** What a client shows where the socket's permissions are not enough. */
async function tokenOf({ stateDirectory }: TestDaemon): Promise<string> {
  const text = await readFile(join(stateDirectory, "daemon.json"), "utf8");
  const found = /"token":\s*"([^"]+)"/.exec(text)?.[1];
  if (found === undefined) throw new Error("no token");
  return found;
}

const transports = ["ssh2", "openssh"] as const;

beforeAll(async () => {
  const watching = new AbortController();
  const watched = Promise.all(searches.map((each) => each.watchProcesses(user, watching.signal)));
  const changes = await daemon.http.open("GET", "/api/events");
  const told: Buffer[] = [];
  changes.on("data", (chunk: Buffer) => told.push(chunk));
  for (const transport of transports) await logInEveryWay(transport);
  changes.destroy();
  watching.abort();
  await watched;
  for (const each of searches) each.look("the stream of changes", Buffer.concat(told));
  await lookAtAnswers("all");
  for (const each of searches) {
    each.look("Redis", monitor.output());
    await each.lookInFiles(daemon.stateDirectory, ["daemon.json", "token"]);
    await each.lookInFiles(home);
    await each.lookInFiles(`/var/tmp/hostrun-${user.uid}`);
  }
}, 400_000);

async function logInEveryWay(transport: "ssh2" | "openssh"): Promise<void> {
  const names = { password: `password-${transport}`, key: `key-${transport}`, code: `code-${transport}` };
  const save = (name: string, { address, port }: typeof byKey | typeof byCode, identityFile: string | null) =>
    daemon.client.call("createHost", {
      body: { name, address, port, user: user.name, identityFile, transport },
    });
  await save(names.password, byPassword, "/nonexistent");
  await save(names.key, byKey, locked.path);
  await save(names.code, byCode, "/nonexistent");
  // A wrong answer is refused and asked for again, a right one is not kept, and one is kept for the session.
  await run(names.password, { remember: "no", wrong: true });
  await run(names.password, { remember: "session" });
  await run(names.key, { remember: "no" });
  await run(names.code, { secretEnv: {} });
  for (const [host, body] of [
    [names.password, { password }],
    [names.key, { passphrase }],
  ] as const) {
    await daemon.client.call("forgetSecrets", { params: { host } });
    await daemon.client.call("keepSecrets", { params: { host }, body });
    await run(host, { prompts: "fail" });
    await run(host, { prompts: "fail", durable: true });
    await run(host, { prompts: "fail", cacheTtlMs: 60_000, secretEnv: {} });
  }
}

interface Login {
  readonly remember?: "no" | "session";
  /** Answers wrongly first. */
  readonly wrong?: boolean;
  readonly prompts?: "ask" | "fail";
  readonly durable?: boolean;
  readonly cacheTtlMs?: number;
  readonly secretEnv?: Record<string, string>;
}

async function run(host: string, { remember = "no", wrong = false, ...options }: Login): Promise<void> {
  let asked = 0;
  const answer = ({ fields }: Prompt) => {
    asked += 1;
    const right = fields.map(({ label }) => secretFor(label));
    return { answers: wrong && asked === 1 ? right.map((secret) => `${secret}x`) : right, remember };
  };
  const told = async (_: unknown, event: { readonly type: string }): Promise<void> => {
    for (const each of searches) each.look("the events of a run", JSON.stringify(event));
    if (event.type === "prompt" && wrong) await lookAtAnswers("while a run waits");
  };
  const command = `sleep 0.1; echo ${harmless}`;
  const secretEnv = { SECRET: variable };
  const { complete } = await runAnswered(daemon, command, { host, secretEnv, ...options, answer, told });
  expect(complete.exitCode, host).toBe(0);
}

function secretFor(label: string): string {
  if (label.includes("code")) return code;
  return label.toLowerCase().includes("passphrase") ? passphrase : password;
}

/** What every GET of the API answers, by a client that shows its token. */
async function lookAtAnswers(which: "all" | "while a run waits"): Promise<void> {
  const firstOf = async (list: "listRuns" | "listKnownHosts" | "listKeys"): Promise<string> => {
    const { items } = await daemon.client.call(list, {});
    return items[0]?.id ?? "none";
  };
  const ids: Record<string, string> = {
    host: "password-ssh2",
    run: await firstOf("listRuns"),
    job: "none",
    key: await firstOf("listKnownHosts"),
  };
  for (const { method, path, output } of Object.values(api)) {
    if (method !== "GET" || path === "/api/events") continue;
    // These go on until the run is over.
    if (output === "events" && which !== "all") continue;
    const place = path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(ids[name] ?? "none"));
    const headers = { authorization: `Bearer ${token}` };
    const { bytes } = await daemon.http.ask("GET", place, { headers });
    for (const each of searches) each.look(`GET ${path}`, bytes);
  }
}

test("no secret of a login is found anywhere", () => {
  expect([...search.found]).toEqual([]);
});

test("all of these places were looked at", () => {
  const places = [...control.found].map((each) => each.replace(/^harmless: /, "").replace(/-wal$/, ""));
  expect(places).toEqual(
    expect.arrayContaining([
      "the arguments of a process",
      "the variables of a process",
      "the events of a run",
      "the stream of changes",
      "Redis",
      "GET /api/runs",
      "hostrun.db",
    ]),
  );
});
