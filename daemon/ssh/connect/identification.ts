import type { Duplex } from "node:stream";

/** RFC 4253, section 4.2: "SSH-2.0-OpenSSH_9.2 comments"; lines before it are a greeting. */
const form = /^SSH-(?:2\.0|1\.99)-([^\r\n]+)\r?$/;
const maxBytes = 64 * 1024;
const endings = new Set<string | symbol>(["end", "error", "close"]);

export interface IdentificationListener {
  /** The server's software version and comments, e.g. "OpenSSH_9.2p1 Debian-2". */
  identified(server: string): void;
  /** The server sent something else and closed, or can no longer send an identification. */
  refused(said: string): void;
}

/**
 * Holds back the data on `stream` until the server's identification line is complete, then passes it on in one piece.
 * ssh2 loses a greeting that arrives in three or more pieces, would read 8 MB of it, and does not report what it
 * received; this sees the bytes before ssh2 does.
 */
export function holdIdentification(stream: Duplex, listener: IdentificationListener): void {
  let held = Buffer.alloc(0);
  const release = (): void => {
    Reflect.deleteProperty(stream, "emit");
  };
  const take = (chunk: Buffer): boolean => {
    held = Buffer.concat([held, chunk]);
    const found = parseIdentification(held);
    if (found === undefined && held.length <= maxBytes) return true;
    release();
    if (typeof found !== "string") {
      listener.refused(held.toString("latin1"));
      return true;
    }
    listener.identified(found);
    return stream.emit("data", held);
  };
  // The stream's inherited method, which is used again once ours is deleted.
  const inherited = stream.emit.bind(stream);
  const emit = (event: string | symbol, ...values: unknown[]): boolean => {
    const [chunk] = values;
    if (event === "data" && Buffer.isBuffer(chunk)) return take(chunk);
    if (held.length > 0 && endings.has(event)) {
      release();
      listener.refused(held.toString("latin1"));
    }
    return inherited(event, ...values);
  };
  Object.defineProperty(stream, "emit", { value: emit, configurable: true, writable: true });
}

/** The server's software version; undefined while the line is incomplete; null if it can no longer become valid. */
export function parseIdentification(bytes: Buffer): string | null | undefined {
  const lines = bytes.toString("latin1").split("\n");
  for (const line of lines.slice(0, -1)) {
    if (!line.startsWith("SSH-")) continue;
    return form.exec(line)?.[1]?.trim() ?? null;
  }
  // A web server keeps the connection open, and would be waited for until the deadline.
  return bytes.includes(0) || lines[0]?.startsWith("HTTP/") === true ? null : undefined;
}
