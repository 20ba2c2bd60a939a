import { BaseAgent, createAgent, type ParsedKey } from "ssh2";

export interface AgentKey {
  readonly key: ParsedKey;
  readonly comment: string;
}

/** The keys that the agent at `socket` holds; rejects when it cannot be reached or stays silent for 3 seconds. */
export function listAgentKeys(socket: string): Promise<AgentKey[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the agent stays silent")), 3000);
    createAgent(socket).getIdentities((failure, keys = []) => {
      clearTimeout(timer);
      if (failure !== undefined && failure !== null) reject(failure);
      else resolve(keys.flatMap(agentKeyOf));
    });
  });
}

function agentKeyOf(entry: unknown): AgentKey[] {
  return isKey(entry) ? [{ key: entry, comment: entry.comment }] : [];
}

function isKey(value: unknown): value is ParsedKey {
  return typeof value === "object" && value !== null && "getPublicSSH" in value && "comment" in value;
}

type Sign = (data: Buffer, hash: string | undefined, done: SignDone) => void;
type SignDone = (failure: Error | undefined, signature?: Buffer) => void;

/**
 * One key as ssh2 takes it from an agent, whoever signs: so one key is tried at a time, in our order, and a
 * server that wants RSA with SHA-1 gets no signature.
 */
export class OneKeyAgent extends BaseAgent<ParsedKey> {
  readonly #key: ParsedKey;
  readonly #sign: Sign;

  constructor(key: ParsedKey, sign: Sign) {
    super();
    this.#key = key;
    this.#sign = sign;
  }

  getIdentities(done: (failure: Error | null, keys?: ParsedKey[]) => void): void {
    done(null, [this.#key]);
  }

  sign(...request: unknown[]): void {
    const [, data, options] = request;
    const callback = request.at(-1);
    if (typeof callback !== "function" || !Buffer.isBuffer(data)) return;
    const hash = hashOf(options);
    const finish: SignDone = (failure, signature) => {
      Reflect.apply(callback, undefined, failure === undefined ? [null, signature] : [failure]);
    };
    if (hash === "sha1") finish(new Error("the server takes RSA only with SHA-1"));
    else this.#sign(data, hash, finish);
  }
}

function hashOf(options: unknown): string | undefined {
  if (typeof options !== "object" || options === null || !("hash" in options)) return undefined;
  return typeof options.hash === "string" ? options.hash : undefined;
}

/** Signs by the private key itself. */
export function signByFile(key: ParsedKey): Sign {
  return (data, hash, done) => {
    const signature: unknown = key.sign(data, hash);
    if (Buffer.isBuffer(signature)) done(undefined, signature);
    else done(new Error("the key cannot sign", { cause: signature }));
  };
}

/** Signs by the agent at `socket`. An answer that ssh2 cannot take must not throw on the agent's socket. */
export function signByAgent(socket: string, key: ParsedKey): Sign {
  return (data, hash, done) => {
    const signed = (failure?: Error | null, signature?: Buffer): void => {
      if (signature === undefined) {
        done(failure ?? new Error("the agent did not sign"));
        return;
      }
      try {
        done(undefined, signature);
      } catch (cause) {
        done(new Error("the agent's signature cannot be used", { cause }));
      }
    };
    createAgent(socket).sign(key, data, hash === "sha256" || hash === "sha512" ? { hash } : {}, signed);
  };
}
