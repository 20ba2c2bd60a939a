import { generateKeyPairSync } from "node:crypto";
import ssh2 from "ssh2";
import { expect, test } from "vitest";
import { OneKeyAgent } from "../../../../../daemon/ssh/auth/one-key-agent.ts";
import { collectGarbage } from "../../../../support/garbage.ts";

function anyKey(): ssh2.ParsedKey {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return key;
}

test("a key is asked for one signature in a login, however often the server wants one", async () => {
  const signed = Promise.withResolvers<Buffer>();
  let asked = 0;
  const agent = new OneKeyAgent({
    key: anyKey(),
    sign: () => {
      asked += 1;
      return signed.promise;
    },
    failed: () => undefined,
  });
  const answers: unknown[] = [];
  for (let count = 0; count < 100; count += 1) {
    agent.sign(undefined, Buffer.from("data"), { hash: "sha256" }, (...answer: unknown[]) =>
      answers.push(answer),
    );
  }
  signed.resolve(Buffer.from("signature"));
  await signed.promise;
  await Promise.resolve();
  expect(asked).toBe(1);
  expect(answers).toEqual([[null, Buffer.from("signature")]]);
});

test("who signs, and may hold a private key, is let go of once it has signed", async () => {
  const begin = (): { agent: OneKeyAgent; signer: WeakRef<object> } => {
    const sign = (): Promise<Buffer> => Promise.resolve(Buffer.from("signature"));
    return {
      agent: new OneKeyAgent({ key: anyKey(), sign, failed: () => undefined }),
      signer: new WeakRef(sign),
    };
  };
  const { agent, signer } = begin();
  await new Promise((done) => agent.sign(undefined, Buffer.from("data"), { hash: "sha256" }, done));
  await collectGarbage();
  expect(signer.deref()).toBeUndefined();
  const keys = new Promise((done) => agent.getIdentities((_failure, found) => done(found)));
  expect(await keys).toHaveLength(1);
});
