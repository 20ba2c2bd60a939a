import { afterAll, expect, test } from "vitest";
import { openDirectory } from "../support/directory.ts";
import { openDropbear } from "../support/other-servers.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { personWho } from "../support/person.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd } from "../support/sshd.ts";

const password = "correct horse";
await using stack = new AsyncDisposableStack();
const user = stack.use(await openPasswordUser(password));
const directory = stack.use(await openDirectory());
const owned = stack.move();
afterAll(() => owned.disposeAsync());
const keyless = { user: user.name, identityFiles: ["/nonexistent"] };

test("OpenSSH with PAM asks by keyboard-interactive, and again when it was wrong", async () => {
  await using sshd = await openSshd({
    options: { UsePAM: "yes", KbdInteractiveAuthentication: "yes", MaxAuthTries: 10 },
  });
  await using pool = await openSshPool({ trust: [sshd] });
  const person = personWho(["wrong"], [password]);
  const run = await pool.run(targetOf(sshd, keyless), "whoami", { questioner: person });
  expect(run.stdout.toString()).toBe(`${user.name}\n`);
  expect(person.asked).toMatchObject([
    { kind: "keyboardInteractive", attempt: 1, fields: [{ label: "Password:", echo: false }] },
    { kind: "keyboardInteractive", attempt: 2 },
  ]);
});

test("OpenSSH with PAM wants a key and what PAM asks", async () => {
  const key = await createKey(directory.join("key"), "ed25519", "open sesame");
  await using sshd = await openSshd({
    authorizedKeys: [key.publicKey],
    options: {
      UsePAM: "yes",
      KbdInteractiveAuthentication: "yes",
      AuthenticationMethods: "publickey,keyboard-interactive:pam",
    },
  });
  await using pool = await openSshPool({ trust: [sshd] });
  const person = personWho(["open sesame"], [password]);
  const target = targetOf(sshd, { ...keyless, identityFiles: [key.path] });
  const run = await pool.run(target, "whoami", { questioner: person });
  expect(run.stdout.toString()).toBe(`${user.name}\n`);
  expect(person.asked.map(({ kind }) => kind)).toEqual(["passphrase", "keyboardInteractive"]);
});

test("dropbear takes a password", async () => {
  await using server = await openDropbear({ passwords: true });
  await using pool = await openSshPool();
  const person = personWho(["wrong"], [password]);
  const run = await pool.run(targetOf(server, { ...keyless, hostKeyPolicy: "acceptNew" }), "whoami", {
    questioner: person,
  });
  expect(run.stdout.toString()).toBe(`${user.name}\n`);
  expect(person.asked.map(({ attempt }) => attempt)).toEqual([1, 2]);
});
