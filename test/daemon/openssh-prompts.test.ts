import { readdir, readFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { plainHopSettings } from "../../daemon/transport/hop-settings.ts";
import type { Target } from "../../daemon/transport/remote.ts";
import { SecretMemory } from "../../daemon/transport/secret-memory.ts";
import { openDirectory } from "../support/directory.ts";
import { containing, matching } from "../support/matching.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { type Person, personWho } from "../support/person.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";

const password = "correct horse";
await using stack = new AsyncDisposableStack();
const user = stack.use(await openPasswordUser(password));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const byPassword = { PasswordAuthentication: "yes", PubkeyAuthentication: "no" };
const settings = { ...plainHopSettings, transport: "openssh" as const };

function loginOf(sshd: Sshd, fields: Partial<Target> = {}): Target {
  return targetOf(sshd, { user: user.name, identityFiles: ["/nonexistent"], settings, ...fields });
}

/** What the processes of this one say of themselves to everybody (their arguments) and to the user (their variables). */
async function saidByProcesses(path: string): Promise<string> {
  const said: string[] = [];
  for (const pid of await readdir("/proc")) {
    const [args, environment] = await Promise.all(
      ["cmdline", "environ"].map((name) => readFile(`/proc/${pid}/${name}`, "latin1").catch(() => "")),
    );
    if (args?.includes(path) === true) said.push(args, environment ?? "");
  }
  return said.join("\n");
}

test("a password is asked for until it is right, kept if wanted, and stands in no argument and no variable", async () => {
  await using sshd = await openSshd({ options: byPassword });
  const secrets = new SecretMemory();
  await using pool = await openSshPool({ trust: [sshd], secrets });
  const person = personWho(["wrong"], { answers: [password], remember: "session" });
  const run = await pool.run(loginOf(sshd), "whoami", { questioner: person });
  expect(run.stdout.toString()).toBe(`${user.name}\n`);
  const label = `${user.name}@127.0.0.1's password:`;
  expect(person.asked).toMatchObject(
    [1, 2].map((attempt) => ({ kind: "password", attempt, fields: [{ label }] })),
  );
  expect(secrets.password(loginOf(sshd))).toBe(password);
  const said = await saidByProcesses(String(sshd.port));
  expect(said).toContain("HOSTRUN_ASKPASS=");
  expect(said).not.toContain(password);
  // What only its askpass needs is not for the ProxyCommand of that ssh.
  expect(said).not.toContain("ELECTRON_RUN_AS_NODE=");
});

test("a password that is kept is sent without a question, and a refused one never again", async () => {
  await using sshd = await openSshd({ options: byPassword });
  const secrets = new SecretMemory();
  await using pool = await openSshPool({ trust: [sshd], secrets });
  const target = loginOf(sshd);
  secrets.keepPassword(target, password);
  expect((await pool.run(target, "true")).end).toMatchObject({ code: 0 });
  const again = async (): Promise<unknown> => {
    for (const { id } of pool.pool.list()) pool.pool.close(id);
    return (await pool.run(target, "true")).end;
  };
  // One that is given ahead of the login takes its place once it was right.
  secrets.offer(target, { password });
  expect(await again()).toMatchObject({ code: 0 });
  expect(secrets.settleOffer(target)).toBe("kept");
  for (const { id } of pool.pool.list()) pool.pool.close(id);
  secrets.keepPassword(target, "stale");
  await expect(pool.run(target, "true")).rejects.toMatchObject({
    code: "authentication_failed",
    message: matching(
      /It did not take the password\. The refused password is not sent again\. .* “hostrun hosts login .*”\.$/,
    ),
  });
  expect(secrets.password(target)).toBeUndefined();
  await expect(pool.run(target, "true")).rejects.toMatchObject({
    code: "authentication_failed",
    message: matching(
      /Check the user name, the keys and certificates\. .* “hostrun hosts login .*”\. ssh said/,
    ),
  });
  expect(sshd.log().match(/Failed password/g)).toHaveLength(1);
  secrets.keepPassword(target, password);
  secrets.offer(target, { password: "wrong" });
  expect(await again()).toMatchObject({ code: 0 });
  expect(secrets.settleOffer(target)).toBe("refused");
  expect(secrets.password(target)).toBe(password);
});

test("the passphrase of a key is asked for in ssh's own words", async () => {
  await using directory = await openDirectory();
  const key = await createKey(directory.join("key"), "ed25519", "secret words");
  await using sshd = await openSshd();
  await sshd.authorize(key.publicKey);
  await using pool = await openSshPool({ trust: [sshd] });
  const person = personWho(["secret words"]);
  const run = await pool.run(targetOf(sshd, { identityFiles: [key.path], settings }), "echo in", {
    questioner: person,
  });
  expect(run.stdout.toString()).toBe("in\n");
  expect(person.asked).toMatchObject([
    {
      kind: "passphrase",
      title: containing(key.path),
      fields: [{ label: containing(key.path), echo: false }],
    },
  ]);
});

test("a passphrase that is kept opens the key with nobody there, and one that was typed is kept if wanted", {
  timeout: 180_000,
}, async () => {
  await using directory = await openDirectory();
  const key = await createKey(directory.join("key"), "ed25519", "secret words");
  await using sshd = await openSshd();
  await sshd.authorize(key.publicKey);
  const secrets = new SecretMemory();
  await using pool = await openSshPool({ trust: [sshd], secrets });
  const target = targetOf(sshd, { identityFiles: [key.path], settings });
  const login = async (questioner?: Person): Promise<unknown> => {
    for (const { id } of pool.pool.list()) pool.pool.close(id);
    return (await pool.run(target, "true", { questioner })).end;
  };
  const answers = ["secret words"];
  await login(personWho({ answers, remember: "no" }));
  await expect(login()).rejects.toMatchObject({ code: "authentication_failed" });
  await login(personWho({ answers, remember: "session" }));
  expect(await login()).toMatchObject({ code: 0 });
  secrets.forget(target.name);
  secrets.keepPassphrase(target, undefined, "another one");
  secrets.keepPassphrase(target, key.path, "secret words");
  secrets.offer(target, { passphrase: "wrong" });
  expect(await login()).toMatchObject({ code: 0 });
  expect(secrets.settleOffer(target)).toBe("refused");
  secrets.forget(target.name);
  secrets.offer(target, { passphrase: "secret words" });
  expect(await login()).toMatchObject({ code: 0 });
  expect(secrets.settleOffer(target)).toBe("kept");
  expect(await login()).toMatchObject({ code: 0 });
});

test("a person who declines ends the login, and with nobody there it fails at once", async () => {
  await using sshd = await openSshd({ options: byPassword });
  await using pool = await openSshPool({ trust: [sshd] });
  const declined = pool.run(loginOf(sshd), "true", { questioner: personWho("declines") });
  await expect(declined).rejects.toMatchObject({ code: "declined" });
  await expect(pool.run(loginOf(sshd), "true")).rejects.toMatchObject({ code: "authentication_failed" });
});
