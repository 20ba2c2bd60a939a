import { type KeyObject, sign as signInThread } from "node:crypto";
import { BaseAgent, type ParsedKey } from "ssh2";
import { visibleClause } from "../../../protocol/visible.ts";
import { asError } from "../failure.ts";

/** What to sign; `hash` is for RSA. */
export interface SignRequest {
  readonly data: Buffer;
  readonly hash: "sha256" | "sha512" | undefined;
}

export interface OneKeyAgentOptions {
  readonly key: ParsedKey;
  /** Rejects with an Error whose message is a clause that can follow a colon. */
  readonly sign: (request: SignRequest) => Promise<Buffer>;
  readonly failed: (why: string) => void;
}

/**
 * Presents one key to ssh2 as an agent, whatever signs with it: keys are tried one at a time, in Hostrun's order, and a
 * server that wants RSA with SHA-1 gets no signature. If signing fails, ssh2 asks for the next key.
 */
export class OneKeyAgent extends BaseAgent<ParsedKey> {
  readonly #key: ParsedKey;
  /** Until a signature is requested: ssh2 keeps the agent while the connection is up, and `sign` may hold a private key. */
  #signer: Omit<OneKeyAgentOptions, "key"> | undefined;

  constructor({ key, ...signer }: OneKeyAgentOptions) {
    super();
    this.#key = key;
    this.#signer = signer;
  }

  getIdentities(done: (failure: Error | null, keys?: ParsedKey[]) => void): void {
    done(null, [this.#key]);
  }

  sign(...request: unknown[]): void {
    const [, data, options] = request;
    const callback = request.at(-1);
    if (typeof callback !== "function" || !Buffer.isBuffer(data)) return;
    // A login needs one signature per key; a server can request any number, and each costs milliseconds.
    const signer = this.#signer;
    if (signer === undefined) return;
    this.#signer = undefined;
    const done: SignDone = (...result) => {
      Reflect.apply(callback, undefined, result);
    };
    void this.#signBy(signer, done, { data, hash: hashOf(options) });
  }

  async #signBy(
    { sign, failed }: Omit<OneKeyAgentOptions, "key">,
    done: SignDone,
    request: SignRequest,
  ): Promise<void> {
    try {
      if (this.#key.type === "ssh-rsa" && request.hash === undefined) {
        throw new Error("the server takes RSA only with SHA-1");
      }
      done(null, await sign(request));
    } catch (reason) {
      // This also catches what ssh2 throws for a signature that it cannot use.
      const failure = asError(reason);
      failed(visibleClause(failure.message));
      done(failure);
    }
  }
}

type SignDone = (...result: [failure: Error] | [failure: null, signature: Buffer]) => void;

/** undefined: none, or an invalid one. */
function hashOf(options: unknown): SignRequest["hash"] {
  if (typeof options !== "object" || options === null || !("hash" in options)) return undefined;
  return options.hash === "sha256" || options.hash === "sha512" ? options.hash : undefined;
}

const ecdsaHashes: ReadonlyMap<string, string> = new Map([
  ["ecdsa-sha2-nistp256", "sha256"],
  ["ecdsa-sha2-nistp384", "sha384"],
  ["ecdsa-sha2-nistp521", "sha512"],
]);

/**
 * Signs with the private key itself, off the event loop, since a long RSA key takes a while. `type` is the SSH key type.
 */
export function signByKey(key: KeyObject, type: string, { data, hash }: SignRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const algorithm = type === "ssh-rsa" ? hash : ecdsaHashes.get(type);
    signInThread(algorithm, data, key, (failure, signature) => {
      if (failure === null) resolve(signature);
      else reject(new Error("the key cannot sign", { cause: failure }));
    });
  });
}
