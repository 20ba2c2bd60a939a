import type { ChosenCipher } from "../ssh/connect/login-failure.ts";
import { keyTypeOf } from "../ssh/host-keys/host-key.ts";
import { readString } from "../ssh/wire-string.ts";
import { parseServerOffer } from "../ssh/connect/server-offer.ts";

/** Message numbers (RFC 4250, section 4.1.2; RFC 4419 for the group exchange). */
const kexInit = 20;
const newKeys = 21;
const kexReplies: readonly number[] = [31, 33];

/** A key exchange is much shorter. */
const maxBytes = 256 * 1024;

export interface KeyExchangeListener {
  /** The key (or certificate) that the server presents, in SSH's wire form; not proved yet. */
  hostKey(key: Buffer): void;
  /** The client has accepted the server's key: only then does it send NEWKEYS (RFC 4253, section 7.3). */
  accepted(): void;
}

/** The negotiated algorithms (RFC 4253, section 7.1), to and from the server. */
export interface KeyExchangeOutcome {
  /** Whether there is a match for the key exchange, the host key and each direction's cipher. */
  readonly isAgreed: boolean;
  readonly kex: string;
  readonly to: ChosenCipher;
  readonly from: ChosenCipher;
  /** Strict key exchange, against CVE-2023-48795. */
  readonly isStrict: boolean;
}

/**
 * Observes the first key exchange of a connection from outside. It is unencrypted up to NEWKEYS on either side, and so
 * shows reliably how far it got, without relying on the client's log.
 */
export class KeyExchangeWatch {
  readonly #listener: KeyExchangeListener;
  readonly #server = new ClearText();
  readonly #client = new ClearText();
  #accepted = false;

  constructor(listener: KeyExchangeListener) {
    this.#listener = listener;
  }

  fromServer(chunk: Buffer): void {
    for (const message of this.#server.take(chunk)) {
      if (!kexReplies.includes(message[0] ?? 0)) continue;
      // In a group exchange, 31 is another message, which starts with a prime.
      const key = readString(message, 1)?.value;
      if (key !== undefined && keyTypeOf(key) !== undefined) this.#listener.hostKey(key);
    }
  }

  fromClient(chunk: Buffer): void {
    for (const message of this.#client.take(chunk)) {
      if (message[0] !== newKeys || this.#accepted) continue;
      this.#accepted = true;
      this.#listener.accepted();
    }
  }

  /** undefined until both sides have sent their algorithms. */
  get outcome(): KeyExchangeOutcome | undefined {
    const [client, server] = [this.#client, this.#server].map(({ head }) => parseServerOffer(head));
    if (client === undefined || server === undefined) return undefined;
    const common = (ours: readonly string[], theirs: readonly string[]): string =>
      ours.find((name) => theirs.includes(name)) ?? "";
    const chosen = (way: "to" | "from"): ChosenCipher => {
      const cipher = common(client.cipher[way], server.cipher[way]);
      const hasOwnMac = /gcm|poly1305/.test(cipher);
      return { cipher, mac: hasOwnMac ? "" : common(client.hmac[way], server.hmac[way]) };
    };
    const isStrict =
      client.kex.includes("kex-strict-c-v00@openssh.com") &&
      server.kex.includes("kex-strict-s-v00@openssh.com");
    const kex = common(client.kex, server.kex);
    const [to, from] = [chosen("to"), chosen("from")];
    const all = [kex, common(client.serverHostKey, server.serverHostKey), to.cipher, from.cipher];
    return { isAgreed: !all.includes(""), kex, to, from, isStrict };
  }
}

/** The messages of one side, from its identification to its NEWKEYS. */
class ClearText {
  /** The identification and the messages up to KEXINIT. */
  head = Buffer.alloc(0);
  #rest = Buffer.alloc(0);
  #greeted = false;
  #over = false;
  #headOver = false;

  take(chunk: Buffer): Buffer[] {
    if (this.#over) return [];
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (this.#rest.length > maxBytes) this.#over = true;
    if (!this.#greeted) this.#greet();
    const messages: Buffer[] = [];
    for (let message = this.#next(); message !== undefined; message = this.#next()) messages.push(message);
    if (this.#over) this.#rest = Buffer.alloc(0);
    return messages;
  }

  #greet(): void {
    const greeting = /(?:^|\n)SSH-[^\n]*\n/.exec(this.#rest.toString("latin1"));
    if (greeting === null) return;
    this.#greeted = true;
    this.#pass(greeting.index + greeting[0].length);
  }

  #next(): Buffer | undefined {
    if (!this.#greeted || this.#over || this.#rest.length < 6) return undefined;
    const end = 4 + this.#rest.readUInt32BE(0);
    if (end > maxBytes) this.#over = true;
    if (end < 6 || this.#rest.length < end) return undefined;
    const message = this.#rest.subarray(5, end - this.#rest.readUInt8(4));
    this.#pass(end);
    if (message[0] === kexInit) this.#headOver = true;
    if (message[0] === newKeys) this.#over = true;
    return message;
  }

  #pass(bytes: number): void {
    if (!this.#headOver) this.head = Buffer.concat([this.head, this.#rest.subarray(0, bytes)]);
    this.#rest = this.#rest.subarray(bytes);
  }
}
