import type { ParsedKey } from "ssh2";
import { AgentError, exchange } from "./agent-exchange.ts";
import type { SignRequest } from "./one-key-agent.ts";
import { readString, wireString } from "../wire-string.ts";

/** A key that an agent holds. */
export interface AgentKey {
  /** In SSH's wire form (RFC 4253, section 6.6). */
  readonly publicKey: Buffer;
  /** As it was given when the key was added. */
  readonly comment: string;
}

/** OpenSSH's limit (authfd.c). */
const maxKeys = 2048;
/** Listing keys needs nobody's consent. */
const listTimeoutMs = 5000;
/** Signing may need a person, who confirms it or touches a token. The login's own deadline is usually earlier. */
const signTimeoutMs = 60_000;

/** draft-ietf-sshm-ssh-agent, section 6.1. */
const message = { failure: 5, list: 11, keys: 12, sign: 13, signature: 14 };
const rsaFlags: ReadonlyMap<string, number> = new Map([
  ["sha256", 2],
  ["sha512", 4],
]);

/** Returns the keys that the agent at `socket` holds now, in its order. Rejects with an AgentError, within 5 seconds. */
export async function listAgentKeys(socket: string): Promise<AgentKey[]> {
  const answer = await exchange(socket, Buffer.of(message.list), { timeoutMs: listTimeoutMs });
  if (answer[0] !== message.keys || answer.length < 5) throw notValid();
  const count = answer.readUInt32BE(1);
  if (count > maxKeys) throw new AgentError(`the agent lists more than ${maxKeys} keys`);
  const keys: AgentKey[] = [];
  for (let at = 5; keys.length < count; ) {
    const publicKey = readString(answer, at);
    const comment = publicKey === undefined ? undefined : readString(answer, publicKey.end);
    if (publicKey === undefined || comment === undefined) throw notValid();
    at = comment.end;
    // A copy, so that the stored key does not keep the whole response in memory.
    keys.push({ publicKey: Buffer.from(publicKey.value), comment: comment.value.toString() });
  }
  return keys;
}

/**
 * Has the agent at `socket` sign `data` with a key that it holds, and returns the signature in ssh2's form. `hash`:
 * "sha256" or "sha512" for RSA. Rejects with an AgentError when there is no valid signature, when `signal` is aborted, or
 * after a minute.
 */
export async function signByAgent(
  socket: string,
  key: ParsedKey,
  { data, hash }: SignRequest,
  signal: AbortSignal,
): Promise<Buffer> {
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(rsaFlags.get(hash ?? "") ?? 0);
  const request = [Buffer.of(message.sign), wireString(key.getPublicSSH()), wireString(data), flags];
  const answer = await exchange(socket, Buffer.concat(request), { timeoutMs: signTimeoutMs, signal });
  if (answer[0] === message.failure) throw new AgentError("the agent refused");
  if (answer[0] !== message.signature) throw notValid();
  const signature = signatureIn(answer, key.type);
  // ssh2 returns an Error when it cannot verify.
  const verified: unknown = signature !== undefined && key.verify(data, signature, hash);
  if (signature === undefined || verified !== true) {
    throw new AgentError("the agent's signature is not by this key");
  }
  return signature;
}

/** Returns the signature blob of a sign response, which follows the name of its algorithm. */
function signatureIn(answer: Buffer, keyType: string): Buffer | undefined {
  const whole = readString(answer, 1)?.value ?? Buffer.alloc(0);
  const algorithm = readString(whole, 0);
  const signature = algorithm === undefined ? undefined : readString(whole, algorithm.end)?.value;
  return signature !== undefined && keyType.startsWith("ecdsa-") ? derSignature(signature) : signature;
}

/**
 * Converts an ECDSA signature (RFC 5656, section 3.1.2) to DER, as OpenSSL expects it. Both encode the two numbers alike.
 */
function derSignature(signature: Buffer): Buffer | undefined {
  const r = readString(signature, 0);
  const s = r === undefined ? undefined : readString(signature, r.end);
  if (r === undefined || s === undefined || s.end > 200) return undefined;
  return derField(0x30, Buffer.concat([derField(2, r.value), derField(2, s.value)]));
}

/** For values of at most 255 bytes. */
function derField(tag: number, value: Buffer): Buffer {
  const length = value.length < 128 ? [value.length] : [0x81, value.length];
  return Buffer.concat([Buffer.of(tag, ...length), value]);
}

function notValid(): AgentError {
  return new AgentError("the agent's answer is not valid");
}
