import { KeyObject } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Client, type ClientChannel } from "ssh2";
import { expect, test } from "vitest";
import {
  canOpenAhead,
  isStrictKeyExchange,
  ping,
  useKeyObjects,
} from "../../../../daemon/ssh/ssh2-internals.ts";
import { openSshd } from "../../../support/sshd.ts";

test("ssh2 is pinned to the version whose insides are known", () => {
  expect(readFileSync("package.json", "utf8")).toContain('"ssh2": "1.17.0"');
});

test("an ssh2 without the insides is told from one with them, and nothing throws", () => {
  const client = new Client();
  expect(canOpenAhead(client)).toBe(false);
  expect(isStrictKeyExchange(client)).toBe(false);
  expect(() => ping(client)).not.toThrow();
  expect(() => useKeyObjects(client)).not.toThrow();
});

test("both ciphers have their keys as key objects after every key exchange, and go on with them", async () => {
  await using sshd = await openSshd({ options: { RekeyLimit: "1M none" } });
  const client = new Client();
  using _ = { [Symbol.dispose]: () => client.destroy() };
  const keys: unknown[] = [];
  client.on("handshake", () => {
    useKeyObjects(client);
    const protocol = member(client, "_protocol");
    keys.push(member(member(protocol, "_cipher"), "_encKey"));
    keys.push(member(member(protocol, "_decipher"), "_decipherKey"));
  });
  const { address: host, port, user: username } = sshd;
  const privateKey = await readFile(sshd.clientKey.path);
  client.connect({ host, port, username, privateKey, algorithms: { cipher: ["aes256-gcm@openssh.com"] } });
  await once(client, "ready");
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.exec("head -c 4000000 /dev/zero", (failure, opened) =>
      failure ? reject(failure) : resolve(opened),
    );
  });
  let bytes = 0;
  channel.stderr.resume();
  for await (const chunk of channel) bytes += Buffer.from(chunk).length;
  expect(bytes).toBe(4_000_000);
  expect(keys.length).toBeGreaterThanOrEqual(6);
  for (const key of keys) expect(key).toBeInstanceOf(KeyObject);
});

function member(owner: unknown, name: string): unknown {
  return typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined;
}
