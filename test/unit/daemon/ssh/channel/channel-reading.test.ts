import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { expect, test, vi } from "vitest";
import { endOnce } from "../../../../../daemon/ssh/channel/channel-reading.ts";

test("an input that has ended is not ended again", async () => {
  const written: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      written.push(String(chunk));
      done();
    },
  });
  const end = vi.spyOn(stream, "end");
  endOnce(stream);
  stream.end("last");
  await finished(stream);
  expect(stream.end()).toBe(stream);
  expect(written).toEqual(["last"]);
  expect(end).toHaveBeenCalledTimes(1);
});
