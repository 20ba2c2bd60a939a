import { generateKeyPairSync } from "node:crypto";
import ssh2 from "ssh2";
import { expect, test } from "vitest";
import { OneKeyAgent } from "../../../../../daemon/ssh/auth/one-key-agent.ts";

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
