import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import type { Target } from "../../daemon/transport/remote.ts";
import { SecretMemory } from "../../daemon/transport/secret-memory.ts";
import { openDirectory } from "../support/directory.ts";
import { containing, matching } from "../support/matching.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { personWho } from "../support/person.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSsh2Server, type Ssh2Server, type Ssh2ServerOptions, socketOf } from "../support/ssh2-server.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";

const password = "correct horse";
await using stack = new AsyncDisposableStack();
const user = stack.use(await openPasswordUser(password));
const directory = stack.use(await openDirectory());
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const byPassword = { PasswordAuthentication: "yes", PubkeyAuthentication: "no" };

function loginOf(sshd: Sshd, fields: Partial<Target> = {}): Target {
  return targetOf(sshd, { user: user.name, identityFiles: ["/nonexistent"], ...fields });
}

describe("a password", () => {
  test("is asked for, and logs in", async () => {
    await using sshd = await openSshd({ options: byPassword });
    await using pool = await openSshPool({ trust: [sshd] });
    const person = personWho([password]);
    const run = await pool.run(loginOf(sshd), "whoami", { questioner: person });
    expect(run.stdout.toString()).toBe(`${user.name}\n`);
    expect(person.asked).toMatchObject([
      {
        kind: "password",
        user: user.name,
        attempt: 1,
        fields: [{ label: "Password:", echo: false }],
        key: null,
      },
    ]);
  });

  test("that is wrong is asked for three times", async () => {
    await using sshd = await openSshd({ options: { ...byPassword, MaxAuthTries: 10 } });
    await using pool = await openSshPool({ trust: [sshd] });
    const person = personWho(["wrong"], ["wrong"], ["wrong"], [password]);
    const run = pool.run(loginOf(sshd), "true", { questioner: person });
    await expect(run).rejects.toMatchObject({
      message: matching(/It did not take the password\. Check the user name and what was typed\.$/),
    });
    expect(person.asked.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const second = personWho(["wrong"], [password]);
    expect((await pool.run(loginOf(sshd), "true", { questioner: second })).end).toMatchObject({ code: 0 });
  });

  test("that is kept is sent without a question, and a refused one never again", async () => {
    await using sshd = await openSshd({ options: byPassword });
    const secrets = new SecretMemory();
    await using pool = await openSshPool({ trust: [sshd], secrets });
    const target = loginOf(sshd);
    secrets.keepPassword(target, password);
    expect((await pool.run(target, "true")).end).toMatchObject({ code: 0 });
    for (const { id } of pool.pool.list()) pool.pool.close(id);
    secrets.keepPassword(target, "stale");
    await expect(pool.run(target, "true")).rejects.toMatchObject({
      message: matching(
        /It did not take the password\. The refused password is not sent again\. .* “hostrun hosts login .*”\.$/,
      ),
    });
    expect(secrets.password(target)).toBeUndefined();
    await expect(pool.run(target, "true")).rejects.toThrow();
    expect(sshd.log().match(/Failed password/g)).toHaveLength(1);
  });

  test("is kept for the session only when it was right and the person says so", async () => {
    await using sshd = await openSshd({ options: byPassword });
    const secrets = new SecretMemory();
    await using pool = await openSshPool({ trust: [sshd], secrets });
    const target = loginOf(sshd);
    const person = personWho(
      { answers: ["wrong"], remember: "session" },
      { answers: [password], remember: "session" },
    );
    await pool.run(target, "true", { questioner: person });
    expect(secrets.password(target)).toBe(password);
    expect(secrets.password({ ...target, port: target.port + 1 })).toBeUndefined();
  });

  test("that nobody is there for fails at once and tells what to do", async () => {
    await using sshd = await openSshd({ options: byPassword });
    await using pool = await openSshPool({ trust: [sshd] });
    await expect(pool.run(loginOf(sshd), "true")).rejects.toMatchObject({
      message: containing("The server would also take password"),
    });
  });

  test("that a person declines ends the login", async () => {
    await using sshd = await openSshd({ options: byPassword });
    await using pool = await openSshPool({ trust: [sshd] });
    const run = pool.run(loginOf(sshd), "true", { questioner: personWho("declines") });
    await expect(run).rejects.toMatchObject({ code: "declined" });
  });

  test("reaches a server that hung up while the person typed", async () => {
    await using server = await openSsh2Server({
      authentication(context) {
        if (context.method === "password" && context.password === password) context.accept();
        else context.reject(["password"]);
      },
      exec(channel) {
        channel.exit(0);
        channel.end();
      },
    });
    await using pool = await openSshPool({ trust: [server] });
    const person = personWho(() => {
      socketOf(server.connections[0]).destroy();
      return Promise.resolve([password]);
    });
    const target = targetOf(server, { identityFiles: ["/nonexistent"] });
    expect((await pool.run(target, "true", { questioner: person })).end).toMatchObject({ code: 0 });
    expect(person.asked).toHaveLength(1);
    expect(server.connections).toHaveLength(2);
  });

  test("and too few attempts for it are explained", async () => {
    await using sshd = await openSshd({ options: { ...byPassword, MaxAuthTries: 2 } });
    await using pool = await openSshPool({ trust: [sshd] });
    const person = personWho(["wrong"], ["wrong"], [password]);
    await expect(pool.run(loginOf(sshd), "true", { questioner: person })).rejects.toMatchObject({
      message: containing("MaxAuthTries"),
    });
  });
});

/** A server of ssh2's that a test answers for; it lets nobody in by itself. */
function loginsOn(authentication: NonNullable<Ssh2ServerOptions["authentication"]>): Promise<Ssh2Server> {
  return openSsh2Server({
    authentication,
    exec(channel) {
      channel.exit(0);
      channel.end();
    },
  });
}

describe("keyboard-interactive", () => {
  const rounds = [
    [[{ prompt: "Password: ", echo: false }], "Login", "Welcome\u001b[2J"],
    [[{ prompt: "Verification code: ", echo: true }], "Second factor", ""],
  ] as const;

  test("is asked round by round in the server's own words", async () => {
    await using server = await loginsOn((context) => {
      if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
      const [first, second] = rounds;
      context.prompt([...first[0]], first[1], first[2], ([secret]) => {
        context.prompt([...second[0]], second[1], second[2], ([code]) => {
          if (secret === password && code === "123456") context.accept();
          else context.reject(["keyboard-interactive"]);
        });
      });
    });
    await using pool = await openSshPool({ trust: [server] });
    const person = personWho([password], ["000000"], [password], ["123456"]);
    const target = targetOf(server, { identityFiles: ["/nonexistent"] });
    expect((await pool.run(target, "true", { questioner: person })).end).toMatchObject({ code: 0 });
    expect(person.asked).toMatchObject([
      {
        kind: "keyboardInteractive",
        title: "Login",
        instructions: "Welcome\\e[2J",
        fields: [{ label: "Password:", echo: false }],
        attempt: 1,
      },
      { title: "Second factor", fields: [{ label: "Verification code:", echo: true }], attempt: 1 },
      { attempt: 2 },
      { attempt: 2 },
    ]);
  });

  test.each([
    ["endless rounds", 1, "x"],
    ["a thousand questions", 1000, "x"],
    ["a text of 200 KiB", 1, "y".repeat(200 * 1024)],
  ])("with %s is bounded", async (_what, fields, text) => {
    await using server = await loginsOn((context) => {
      if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
      const prompts = Array.from({ length: fields }, () => ({ prompt: text, echo: false }));
      const again = (): void => context.prompt(prompts, "name", text.slice(0, 20_000), again);
      again();
    });
    await using pool = await openSshPool({ trust: [server] });
    const person = personWho(...Array.from({ length: 100 }, () => ["answer"]));
    const target = targetOf(server, { identityFiles: ["/nonexistent"] });
    const run = pool.run(target, "true", { questioner: person });
    await expect(run).rejects.toMatchObject({ code: "protocol_error" });
    expect(person.asked.length).toBeLessThanOrEqual(fields === 1 ? 20 : 0);
    for (const { instructions, fields: shown } of person.asked) {
      expect(instructions.length).toBeLessThanOrEqual(4096);
      for (const { label } of shown) expect(label.length).toBeLessThanOrEqual(200);
    }
  });
});

test("a password that has expired is changed", async () => {
  await using server = await loginsOn((context) => {
    if (context.method !== "password") return context.reject(["password"]);
    if (context.password !== password) return context.reject(["password"]);
    context.requestChange("It has expired.", (changed) => {
      if (changed === "new one") context.accept();
      else context.reject(["password"]);
    });
  });
  const secrets = new SecretMemory();
  await using pool = await openSshPool({ trust: [server], secrets });
  const target = targetOf(server, { identityFiles: ["/nonexistent"] });
  const person = personWho(
    { answers: [password], remember: "session" },
    ["one", "other"],
    ["new one", "new one"],
  );
  expect((await pool.run(target, "true", { questioner: person })).end).toMatchObject({ code: 0 });
  expect(person.asked.slice(1)).toMatchObject([
    {
      kind: "password",
      instructions: "It has expired.",
      attempt: 1,
      fields: [{ echo: false }, { echo: false }],
    },
    { attempt: 2 },
  ]);
  expect(secrets.password(target)).toBe("new one");
});

test("a key and then a password are asked for where the server wants both", async () => {
  const key = await createKey(directory.join("both"));
  await using sshd = await openSshd({
    authorizedKeys: [key.publicKey],
    options: { PasswordAuthentication: "yes", AuthenticationMethods: "publickey,password" },
  });
  await using pool = await openSshPool({ trust: [sshd] });
  const target = loginOf(sshd, { identityFiles: [key.path] });
  await expect(pool.run(target, "true")).rejects.toMatchObject({
    message: matching(/It took publickey, and wants more\. The server would also take password: [^.]*”\.$/),
  });
  const person = personWho([password]);
  expect((await pool.run(target, "whoami", { questioner: person })).stdout.toString()).toBe(`${user.name}\n`);
});

describe("a key file", () => {
  const forms = [
    ["ed25519", ["-t", "ed25519"]],
    ["ecdsa", ["-t", "ecdsa", "-b", "521"]],
    ["rsa", ["-t", "rsa", "-b", "2048"]],
    ["rsa-pem", ["-t", "rsa", "-b", "2048", "-m", "PEM"]],
    ["rsa-pkcs8", ["-t", "rsa", "-b", "2048", "-m", "PKCS8"]],
    ["ecdsa-pem", ["-t", "ecdsa", "-m", "PEM"]],
    ["ecdsa-pkcs8", ["-t", "ecdsa", "-m", "PKCS8"]],
    ["gcm", ["-t", "ed25519", "-Z", "aes256-gcm@openssh.com"]],
  ] as const;

  test.each(forms)(
    "%s logs in, open and encrypted, with and without text around it",
    async (name, options) => {
      const paths = [directory.join(`${name}-open`), directory.join(`${name}-locked`)] as const;
      for (const [index, path] of paths.entries()) {
        const passphrase = index === 0 ? "" : "open sesame";
        await promisify(execFile)("ssh-keygen", ["-q", ...options, "-N", passphrase, "-f", path]);
        const text = await readFile(path, "utf8");
        await writeFile(path, `Comment: a key\n\n${text.replaceAll("\n", "\r\n")}\nthe end\n`);
      }
      const publicKeys = await Promise.all(paths.map((path) => readFile(`${path}.pub`, "utf8")));
      await using sshd = await openSshd({ authorizedKeys: publicKeys.map((key) => key.trim()) });
      await using pool = await openSshPool({ trust: [sshd] });
      const [open, locked] = paths;
      expect((await pool.run(loginOf(sshd, { identityFiles: [open] }), "true")).end).toMatchObject({
        code: 0,
      });
      const person = personWho(["wrong"], ["open sesame"]);
      const run = await pool.run(loginOf(sshd, { identityFiles: [locked] }), "true", { questioner: person });
      expect(run.end).toMatchObject({ code: 0 });
      expect(person.asked).toMatchObject([
        { kind: "passphrase", attempt: 1, title: containing(locked) },
        { kind: "passphrase", attempt: 2 },
      ]);
    },
  );

  test("that the server does not take is not asked a passphrase for", async () => {
    const key = await createKey(directory.join("stranger"), "ed25519", "secret");
    await using sshd = await openSshd({ options: { PasswordAuthentication: "yes" } });
    await using pool = await openSshPool({ trust: [sshd] });
    const person = personWho([password]);
    await pool.run(loginOf(sshd, { identityFiles: [key.path] }), "true", { questioner: person });
    expect(person.asked.map(({ kind }) => kind)).toEqual(["password"]);
  });

  test("is opened by a passphrase that is kept", async () => {
    const key = await createKey(directory.join("kept"), "ed25519", "secret");
    await using sshd = await openSshd({ authorizedKeys: [key.publicKey] });
    const secrets = new SecretMemory();
    await using pool = await openSshPool({ trust: [sshd], secrets });
    const target = loginOf(sshd, { identityFiles: [key.path] });
    const login = async (): Promise<unknown> => {
      for (const { id } of pool.pool.list()) pool.pool.close(id);
      return (await pool.run(target, "true")).end;
    };
    secrets.offer(target, { passphrase: "wrong" });
    await expect(login()).rejects.toMatchObject({ code: "authentication_failed" });
    expect(secrets.settleOffer(target)).toBe("refused");
    secrets.offer(target, { passphrase: "secret" });
    expect(await login()).toMatchObject({ code: 0 });
    expect(secrets.settleOffer(target)).toBe("kept");
    expect(secrets.settleOffer(target)).toBeNull();
    expect(await login()).toMatchObject({ code: 0 });
  });

  test("that logged in the last time is tried first", async () => {
    const keys = await Promise.all(["a", "b", "c"].map((name) => createKey(directory.join(`many-${name}`))));
    await using sshd = await openSshd({ options: { MaxAuthTries: 4, LogLevel: "VERBOSE" } });
    await sshd.authorize(keys[2]?.publicKey ?? "");
    await using pool = await openSshPool({ trust: [sshd] });
    const target = loginOf(sshd, { identityFiles: keys.map(({ path }) => path) });
    await pool.run(target, "true");
    for (const { id } of pool.pool.list()) pool.pool.close(id);
    const before = sshd.log().match(/Failed publickey/g)?.length;
    await pool.run(target, "true");
    expect(sshd.log().match(/Failed publickey/g)?.length).toBe(before);
    expect(before).toBe(2);
  });
});
