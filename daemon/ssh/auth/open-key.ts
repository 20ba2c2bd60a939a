import { KeyObject } from "node:crypto";
import { Worker } from "node:worker_threads";
import type { PrivateKey } from "./private-key.ts";

/** Decryption time depends on the rounds chosen when the key was made (`ssh-keygen -a`). */
const timeoutMs = 60_000;

/**
 * Opens the key of an encrypted block in a thread of its own (`script`: daemon/key-opener.ts, built or as source).
 * Resolves to undefined if the passphrase is wrong or Hostrun does not support the key's type. Rejects with a clause.
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

/** Buffers arrive as Uint8Array. */
function received(message: unknown): PrivateKey | undefined {
  if (typeof message !== "object" || message === null || !("key" in message)) return undefined;
  const publicKey = "publicKey" in message ? message.publicKey : undefined;
  if (!(message.key instanceof KeyObject) || !(publicKey instanceof Uint8Array)) return undefined;
  return { key: message.key, publicKey: Buffer.from(publicKey) };
}
