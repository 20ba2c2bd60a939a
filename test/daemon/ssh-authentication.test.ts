import { execFile } from "node:child_process";
import { chmod, chown, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { containing } from "../support/matching.ts";
import { openDirectory } from "../support/directory.ts";
import { openAgent } from "../support/ssh-agent.ts";
import { createKey, fingerprintOf } from "../support/ssh-key.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd } from "../support/sshd.ts";

const anyKey = { identityFiles: [], identitiesOnly: false };

test.each(["ed25519", "ecdsa", "rsa"] as const)("an %s key file logs in", async (type) => {
  await using directory = await openDirectory();
  const key = await createKey(directory.join("key"), type);
  await using sshd = await openSshd({ authorizedKeys: [key.publicKey] });
  await using pool = await openSshPool({ trust: [sshd] });
  const run = await pool.run(targetOf(sshd, { identityFiles: [key.path] }), "echo in");
  expect(run.stdout.toString()).toBe("in\n");
});

test.each(["ed25519", "ecdsa", "rsa"] as const)(
  "an encrypted %s key logs in through the agent",
  async (type) => {
    await using directory = await openDirectory();
    const key = await createKey(directory.join("key"), type, "open sesame");
    await using sshd = await openSshd({ authorizedKeys: [key.publicKey] });
    await using agent = await openAgent();
    await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
    const target = targetOf(sshd, { identityFiles: [key.path], identitiesOnly: true });
    await expect(pool.run(target, "true")).rejects.toMatchObject({
      code: "authentication_failed",
      message: containing(`ssh-add ${key.path}`),
    });
    await agent.add(key, "open sesame");
    expect((await pool.run(target, "echo in")).stdout.toString()).toBe("in\n");
  },
);

test.each([384, 521])("an ECDSA key of %i bits logs in from its file and by the agent", async (bits) => {
  await using directory = await openDirectory();
  const path = directory.join("key");
  await promisify(execFile)("ssh-keygen", ["-q", "-t", "ecdsa", "-b", String(bits), "-N", "", "-f", path]);
  const publicKey = await readFile(`${path}.pub`, "utf8");
  await using sshd = await openSshd({ authorizedKeys: [publicKey.trim()] });
  await using agent = await openAgent();
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  expect((await pool.run(targetOf(sshd, { identityFiles: [path] }), "true")).end).toMatchObject({ code: 0 });
  await agent.add({ path, publicKey, fingerprint: await fingerprintOf(`${path}.pub`) });
  expect((await pool.run(targetOf(sshd, anyKey), "true")).end).toMatchObject({ code: 0 });
});

describe.each(["rsa-sha2-512", "rsa-sha2-512,rsa-sha2-256"])(
  "a server that takes of RSA keys %s",
  (algorithms) => {
    const options = { PubkeyAcceptedAlgorithms: algorithms };

    test("is logged in to by a key file", async () => {
      await using directory = await openDirectory();
      const key = await createKey(directory.join("key"), "rsa");
      await using sshd = await openSshd({ authorizedKeys: [key.publicKey], options });
      await using pool = await openSshPool({ trust: [sshd] });
      const run = await pool.run(targetOf(sshd, { identityFiles: [key.path] }), "echo in");
      expect(run.stdout.toString()).toBe("in\n");
    });

    test("is logged in to through the agent", async () => {
      await using directory = await openDirectory();
      const key = await createKey(directory.join("key"), "rsa");
      await using sshd = await openSshd({ authorizedKeys: [key.publicKey], options });
      await using agent = await openAgent();
      await agent.add(key);
      await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
      const run = await pool.run(targetOf(sshd, anyKey), "echo in");
      expect(run.stdout.toString()).toBe("in\n");
    });
  },
);

test("an encrypted key in PEM is known for one", async () => {
  await using directory = await openDirectory();
  const path = directory.join("key");
  const options = ["-q", "-m", "PEM", "-t", "rsa", "-b", "2048", "-N", "secret", "-f", path];
  await promisify(execFile)("ssh-keygen", options);
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  await expect(pool.run(targetOf(sshd, { identityFiles: [path] }), "true")).rejects.toMatchObject({
    code: "authentication_failed",
    message: containing(`ssh-add ${path}`),
  });
});

test("the request's agent goes before the daemon's", async () => {
  await using directory = await openDirectory();
  const key = await createKey(directory.join("key"));
  await using sshd = await openSshd({ authorizedKeys: [key.publicKey] });
  await using stale = await openAgent();
  await using fresh = await openAgent();
  await fresh.add(key);
  await using pool = await openSshPool({ trust: [sshd], agentSocket: stale.socket });
  const target = targetOf(sshd, anyKey);
  await expect(pool.run(target, "true")).rejects.toMatchObject({ code: "authentication_failed" });
  expect((await pool.run(target, "true", { agentSocket: fresh.socket })).end).toMatchObject({ code: 0 });
});

test("an agent that does not answer is passed over, and mentioned when nothing else works", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd], agentSocket: "/nonexistent/agent.sock" });
  expect((await pool.run(targetOf(sshd), "true")).end).toMatchObject({ code: 0 });
  await expect(pool.run(targetOf(sshd, anyKey), "true")).rejects.toMatchObject({
    code: "authentication_failed",
    message: containing(
      "The SSH agent at /nonexistent/agent.sock cannot be used: there is nothing at its path.",
    ),
  });
});

test("OpenSSH's default key files are used when none is configured", async () => {
  await using home = await openDirectory();
  await mkdir(home.join(".ssh"));
  const key = await createKey(home.join(".ssh", "id_ecdsa"), "ecdsa");
  await using sshd = await openSshd({ authorizedKeys: [key.publicKey] });
  await using pool = await openSshPool({ trust: [sshd], home: home.path });
  expect((await pool.run(targetOf(sshd, anyKey), "true")).end).toMatchObject({ code: 0 });
});

test("the configured key is tried before the agent's many others", async () => {
  await using directory = await openDirectory();
  await using agent = await openAgent();
  for (const name of ["a", "b", "c", "d"]) await agent.add(await createKey(directory.join(name)));
  const key = await createKey(directory.join("right"), "ed25519", "secret");
  await agent.add(key, "secret");
  await using sshd = await openSshd({ authorizedKeys: [key.publicKey], options: { MaxAuthTries: 2 } });
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  const target = targetOf(sshd, { identityFiles: [key.path], identitiesOnly: false });
  expect((await pool.run(target, "true")).end).toMatchObject({ code: 0 });
});

test("a server that ends the login after too many keys is said to have done so", async () => {
  await using directory = await openDirectory();
  await using agent = await openAgent();
  for (const name of ["a", "b", "c", "d"]) await agent.add(await createKey(directory.join(name)));
  await using sshd = await openSshd({ options: { MaxAuthTries: 2 } });
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  await expect(pool.run(targetOf(sshd, anyKey), "true")).rejects.toMatchObject({
    code: "authentication_failed",
    message: containing("MaxAuthTries"),
    members: { reason: "too_many_attempts" },
  });
});

test("identitiesOnly keeps the agent's other keys back", async () => {
  await using directory = await openDirectory();
  await using agent = await openAgent();
  const authorized = await createKey(directory.join("authorized"));
  const configured = await createKey(directory.join("configured"));
  await agent.add(authorized);
  await using sshd = await openSshd({ authorizedKeys: [authorized.publicKey] });
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  const only = targetOf(sshd, { identityFiles: [configured.path], identitiesOnly: true });
  await expect(pool.run(only, "true")).rejects.toMatchObject({ code: "authentication_failed" });
  const also = targetOf(sshd, { identityFiles: [configured.path], identitiesOnly: false });
  expect((await pool.run(also, "true")).end).toMatchObject({ code: 0 });
});

test("a refused login says what was tried and what else the server takes", async () => {
  await using directory = await openDirectory();
  const key = await createKey(directory.join("stranger"));
  await using sshd = await openSshd({ options: { PasswordAuthentication: "yes" } });
  await using pool = await openSshPool({ trust: [sshd] });
  const failure = pool.run(targetOf(sshd, { identityFiles: [key.path] }), "true");
  await expect(failure).rejects.toMatchObject({
    code: "authentication_failed",
    message: containing(key.path),
    members: { host: "web1", hop: `${sshd.user}@127.0.0.1:${sshd.port}` },
  });
  await expect(failure).rejects.toMatchObject({ message: containing("password") });
});

test("a configured key file that is missing is told, unless another key is taken", async () => {
  await using sshd = await openSshd();
  await using agent = await openAgent();
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  const target = targetOf(sshd, { identityFiles: ["/nonexistent/key"], identitiesOnly: false });
  await expect(pool.run(target, "true")).rejects.toMatchObject({
    code: "identity_file_missing",
    message: containing("/nonexistent/key"),
    members: { host: "web1" },
  });
  await agent.add(sshd.clientKey);
  expect((await pool.run(target, "true")).end).toMatchObject({ code: 0 });
});

test("a key file that is none, or is damaged, cannot be used", async () => {
  await using directory = await openDirectory();
  const key = await createKey(directory.join("key"));
  const text = directory.join("text");
  await writeFile(text, "hello\n");
  const damaged = directory.join("damaged");
  await writeFile(
    damaged,
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n",
  );
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  for (const path of [text, damaged, directory.path, `${key.path}.pub`]) {
    await expect(pool.run(targetOf(sshd, { identityFiles: [path] }), "true")).rejects.toMatchObject({
      code: "identity_file_unreadable",
      message: containing(path),
    });
  }
});

test("a public key file chooses the agent's key when the private one is not here", async () => {
  await using directory = await openDirectory();
  await using agent = await openAgent();
  const key = await createKey(directory.join("key"));
  await agent.add(key);
  await rm(key.path);
  await using sshd = await openSshd({ authorizedKeys: [key.publicKey] });
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  for (const path of [key.path, `${key.path}.pub`]) {
    const run = await pool.run(targetOf(sshd, { identityFiles: [path], identitiesOnly: true }), "true");
    expect(run.end).toMatchObject({ code: 0 });
  }
});

test("without any key the login fails and says so", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  await expect(pool.run(targetOf(sshd, anyKey), "true")).rejects.toMatchObject({
    code: "authentication_failed",
    message: containing("no key to try"),
  });
});

describe("a private key that others may get at", () => {
  test.each(["0644", "0640", "0604", "0620", "0601"])(
    "is refused with mode %s, and the mend told",
    async (text) => {
      const mode = Number.parseInt(text, 8);
      await using home = await openDirectory();
      await using sshd = await openSshd();
      const path = home.join("key");
      await copyFile(sshd.clientKey.path, path);
      await chmod(path, mode);
      await using pool = await openSshPool({ trust: [sshd] });
      const target = targetOf(sshd, { identityFiles: [path] });
      await expect(pool.run(target, "true")).rejects.toMatchObject({
        code: "identity_file_unreadable",
        message: containing(`(its mode is ${text}): run “chmod 600 ${path}”.`),
      });
      // The very next run sees that it was done.
      await chmod(path, 0o600);
      expect((await pool.run(target, "true")).end).toMatchObject({ code: 0 });
      await chmod(path, mode);
      await expect(pool.run(target, "true")).rejects.toMatchObject({ code: "identity_file_unreadable" });
    },
  );

  test.each(["0600", "0400", "0700"])("is not one with mode %s", async (text) => {
    await using home = await openDirectory();
    await using sshd = await openSshd();
    const path = home.join("key");
    await copyFile(sshd.clientKey.path, path);
    await chmod(path, Number.parseInt(text, 8));
    await using pool = await openSshPool({ trust: [sshd] });
    expect((await pool.run(targetOf(sshd, { identityFiles: [path] }), "true")).end).toMatchObject({
      code: 0,
    });
  });

  test("is passed over among the default files, and told when nothing else is taken", async () => {
    await using home = await openDirectory();
    await mkdir(home.join(".ssh"));
    await using sshd = await openSshd();
    const path = home.join(".ssh", "id_ed25519");
    await copyFile(sshd.clientKey.path, path);
    await chmod(path, 0o644);
    await using pool = await openSshPool({ trust: [sshd], home: home.path });
    await expect(pool.run(targetOf(sshd, anyKey), "true")).rejects.toMatchObject({
      code: "authentication_failed",
      message: containing(`run “chmod 600 ${path}”`),
    });
  });

  test("is used all the same by the agent that holds it", async () => {
    await using home = await openDirectory();
    await using sshd = await openSshd();
    const path = home.join("key");
    await copyFile(sshd.clientKey.path, path);
    await chmod(path, 0o644);
    await using agent = await openAgent();
    await agent.add(sshd.clientKey);
    await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
    const target = targetOf(sshd, { identityFiles: [path], identitiesOnly: true });
    expect((await pool.run(target, "true")).end).toMatchObject({ code: 0 });
  });

  test.runIf(userInfo().uid === 0)("may be another account's, as for ssh", async () => {
    await using home = await openDirectory();
    await using sshd = await openSshd();
    const path = home.join("key");
    await copyFile(sshd.clientKey.path, path);
    await chmod(path, 0o644);
    await chown(path, 65_534, 65_534);
    await using pool = await openSshPool({ trust: [sshd] });
    expect((await pool.run(targetOf(sshd, { identityFiles: [path] }), "true")).end).toMatchObject({
      code: 0,
    });
  });
});

test("an RSA key shorter than required is used neither from a file nor from the agent", async () => {
  await using directory = await openDirectory();
  const path = directory.join("short");
  await promisify(execFile)("ssh-keygen", ["-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", path]);
  const publicKey = (await readFile(`${path}.pub`, "utf8")).trim();
  const key = { path, publicKey, fingerprint: await fingerprintOf(`${path}.pub`) };
  await using sshd = await openSshd({ authorizedKeys: [publicKey], options: { RequiredRSASize: 1024 } });
  await using agent = await openAgent();
  const target = targetOf(sshd, { identityFiles: [path], identitiesOnly: false });
  await using strict = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  const told = "an RSA key of 1024 bits, and at least 2048 are required (requiredRsaSize)";
  await expect(strict.run(target, "true")).rejects.toMatchObject({
    code: "identity_file_unreadable",
    message: containing(`${path} is ${told}`),
  });
  await agent.add(key);
  await expect(strict.run(targetOf(sshd, anyKey), "true")).rejects.toMatchObject({
    code: "authentication_failed",
    message: containing(`(${key.fingerprint}) is ${told}`),
  });
  const limits = { requiredRsaSize: 1024 };
  await using lenient = await openSshPool({ trust: [sshd], limits });
  expect((await lenient.run(target, "true")).end).toMatchObject({ code: 0 });
});
