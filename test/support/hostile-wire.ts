import type { Connection } from "ssh2";

/** What ssh2's server part can be made to send, although no good server does. */
export interface HostileWire {
  channelSuccess(id: number): void;
  channelEOF(id: number): void;
  channelData(id: number, data: Buffer): void;
  channelExtData(id: number, data: Buffer, type: number): void;
  channelOpenConfirm(remote: number, local: number, window: number, packet: number): void;
  channelWindowAdjust(id: number, amount: number): void;
  exitStatus(id: number, code: number): void;
  exitSignal(id: number, name: string, coreDumped: boolean, message: string): void;
  channelClose(id: number): void;
  disconnect(reason: number): void;
  rekey(): void;
}

export function wireOf(connection: Connection): HostileWire {
  const wire = memberOf(connection, "_protocol");
  if (!isWire(wire)) throw new Error("ssh2 has changed: no protocol");
  return wire;
}

/** Sends a packet with any content, encrypted as it must be. */
export function sendPacket(connection: Connection, payload: Buffer): void {
  const protocol = memberOf(connection, "_protocol");
  const writer = memberOf(memberOf(protocol, "_packetRW"), "write");
  const packet = call(writer, "alloc", [payload.length]);
  if (!Buffer.isBuffer(packet)) throw new Error("ssh2 has changed: no packet");
  payload.copy(packet, Number(memberOf(writer, "allocStart")));
  call(memberOf(protocol, "_cipher"), "encrypt", [call(writer, "finalize", [packet])]);
}

/** Shows every request to log in, also those that ssh2's server part does not look at any more. */
export function watchLogins(connection: Connection, seen: (request: object) => void): void {
  const handlers = memberOf(memberOf(connection, "_protocol"), "_handlers");
  if (typeof handlers !== "object" || handlers === null) throw new Error("ssh2 has changed: no handlers");
  const inner = memberOf(handlers, "USERAUTH_REQUEST");
  Reflect.set(handlers, "USERAUTH_REQUEST", (...request: readonly unknown[]) => {
    const details = request[4];
    if (typeof details === "object" && details !== null) seen(details);
    if (typeof inner === "function") Reflect.apply(inner, undefined, request);
  });
}

/** The number that the other side has for a channel, as `channelData` and so on take it. */
export function channelId(channel: unknown): number {
  return Number(memberOf(memberOf(channel, "outgoing"), "id"));
}

/** Of a message of RFC 4250's numbers, with numbers of 32 bits and strings (RFC 4251, section 5) after it. */
export function message(type: number, ...fields: readonly (number | string | Buffer | boolean)[]): Buffer {
  return Buffer.concat([Buffer.from([type]), ...fields.map(encode)]);
}

function encode(field: number | string | Buffer | boolean): Buffer {
  if (typeof field === "boolean") return Buffer.from([field ? 1 : 0]);
  const number = Buffer.alloc(4);
  if (typeof field === "number") {
    number.writeUInt32BE(field);
    return number;
  }
  number.writeUInt32BE(Buffer.byteLength(field));
  return Buffer.concat([number, Buffer.from(field)]);
}

/** Unencrypted, as before the first key exchange (RFC 4253, section 6). */
export function plainPacket(payload: Buffer): Buffer {
  const padding = 8 - ((payload.length + 5) % 8) + 8;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + padding + 1);
  head.writeUInt8(padding, 4);
  return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}

function isWire(value: unknown): value is HostileWire {
  return typeof memberOf(value, "channelData") === "function";
}

function call(owner: unknown, name: string, values: readonly unknown[]): unknown {
  const method = memberOf(owner, name);
  if (typeof method !== "function") throw new Error(`ssh2 has changed: no ${name}`);
  return Reflect.apply(method, owner, values);
}

function memberOf(owner: unknown, name: string): unknown {
  return typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined;
}
