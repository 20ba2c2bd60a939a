import { PassThrough, Readable } from "node:stream";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { holdIdentification, parseIdentification } from "../../../../../daemon/ssh/connect/identification.ts";

/** Feeds a stream in these pieces and gives what was heard. */
async function feed(pieces: readonly Buffer[]): Promise<{ data: Buffer; server: string | null }> {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  let server: string | null = null;
  holdIdentification(stream, {
    identified: (name) => {
      server = name;
    },
    refused: () => {
      server = "refused";
    },
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => Readable.from(pieces).pipe(stream).on("end", resolve));
  return { data: Buffer.concat(chunks), server };
}

test("a greeting in any pieces comes out whole, and in one", async () => {
  const whole = Buffer.from("Welcome\r\nto this host\r\nSSH-2.0-OpenSSH_9.2 Debian\r\n\0\0binary");
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 }), async (sizes) => {
      const pieces: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        pieces.push(whole.subarray(at, at + size));
        at += size;
      }
      pieces.push(whole.subarray(at));
      const { data, server } = await feed(pieces.filter(({ length }) => length > 0));
      expect(data).toEqual(whole);
      expect(server).toBe("OpenSSH_9.2 Debian");
    }),
    { numRuns: 50 },
  );
});

test("what cannot become a greeting any more is refused", async () => {
  expect((await feed([Buffer.from("220 mail.example\r\n\0")])).server).toBe("refused");
  expect((await feed([Buffer.from("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n")])).server).toBe(
    "refused",
  );
  expect((await feed([Buffer.from("SSH-1.5-old\r\n")])).server).toBe("refused");
  expect((await feed([Buffer.alloc(65 * 1024, "x")])).server).toBe("refused");
});

test("who says something else and ends is no SSH server", async () => {
  expect((await feed([Buffer.from("220 mail.example ESMTP\r\n")])).server).toBe("refused");
  expect((await feed([Buffer.from("bye")])).server).toBe("refused");
  expect((await feed([])).server).toBeNull();
});

test.each([
  ["SSH-2.0-dropbear\n", "dropbear"],
  ["SSH-1.99-Cisco-1.25\r\n", "Cisco-1.25"],
  ["SSH-2.0-\r\n", null],
  ["SSH-2.0-no-end", undefined],
  ["hello\r\n", undefined],
])("%j is %j", (text, expected) => {
  expect(parseIdentification(Buffer.from(text))).toBe(expected);
});
