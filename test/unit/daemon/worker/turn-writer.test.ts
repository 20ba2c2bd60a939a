import { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { TurnWriter } from "../../../../daemon/worker/turn-writer.ts";

/** What was written, a string for each write. */
function open(): { readonly writer: TurnWriter; readonly written: string[] } {
  const written: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk.toString());
      done();
    },
    final: (done) => {
      written.push("end");
      done();
    },
  });
  return { writer: new TurnWriter(stream), written };
}

test("the first of a turn is written at once, the others together at its end", async () => {
  const { writer, written } = open();
  for (const text of ["a", "b", "c"]) writer.write(Buffer.from(text));
  expect(written).toEqual(["a"]);
  await nextTurn();
  expect(written).toEqual(["a", "bc"]);
  writer.write(Buffer.from("d"));
  expect(written).toEqual(["a", "bc", "d"]);
});

test("nothing is left behind when it ends", async () => {
  const { writer, written } = open();
  for (const text of ["a", "b"]) writer.write(Buffer.from(text));
  writer.end();
  await nextTurn();
  expect(written).toEqual(["a", "b", "end"]);
});
