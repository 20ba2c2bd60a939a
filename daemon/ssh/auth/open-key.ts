import { KeyObject } from "node:crypto";
import { Worker } from "node:worker_threads";
import type { PrivateKey } from "./private-key.ts";

/** Whoever makes a key chooses how long opening it takes (`ssh-keygen -a`). */
const timeoutMs = 60_000;

/**
 * The key of an encrypted block, opened by a thread of its own (`script`: daemon/key-opener.ts as built or as it stands).
 * undefined where the passphrase is wrong, or the key's type is none that Hostrun knows. Rejects with a clause.
 */
export function openEncryptedKey(
  script: string,
  block: string,
  passphrase: string,
): Promise<PrivateKey | undefined> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, { workerData: { block, passphrase }, env: {}, stdout: false });
    const done = (key: PrivateKey | undefined): void => {
      clearTimeout(timer);
      resolve(key);
      void worker.terminate();
    };
    const timer = setTimeout(() => {
      reject(new Error("opening it takes too long"));
      done(undefined);
    }, timeoutMs);
    worker.once("message", (message: unknown) => done(received(message)));
    worker.once("error", (cause) => {
      clearTimeout(timer);
      reject(new Error("it could not be opened", { cause }));
    });
    worker.once("exit", () => done(undefined));
  });
}

/** Buffers come as plain bytes. */
function received(message: unknown): PrivateKey | undefined {
  if (typeof message !== "object" || message === null || !("key" in message)) return undefined;
  const publicKey = "publicKey" in message ? message.publicKey : undefined;
  if (!(message.key instanceof KeyObject) || !(publicKey instanceof Uint8Array)) return undefined;
  return { key: message.key, publicKey: Buffer.from(publicKey) };
}
