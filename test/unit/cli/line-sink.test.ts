import { expect, test } from "vitest";
import { LineSink } from "../../../cli/line-sink.ts";

/** What is written of these pieces. */
async function written(isTerminal: boolean, pieces: readonly (Buffer | string)[]): Promise<Buffer> {
  const shown: Buffer[] = [];
  const write = (bytes: Buffer | string): Promise<void> => {
    shown.push(Buffer.from(bytes));
    return Promise.resolve();
  };
  const sink = new LineSink({ write }, isTerminal);
  for (const piece of pieces) await sink.write(piece);
  await sink.end();
  return Buffer.concat(shown);
}

const pieces = [
  'web1,"a\u001b',
  "[2J",
  Buffer.from("é").subarray(0, 1),
  Buffer.from("é").subarray(1),
  '\rb"\r\n',
  "rest\u0007",
];

test("elsewhere than on a terminal bytes are as they are", async () => {
  expect(await written(false, pieces)).toEqual(Buffer.concat(pieces.map((piece) => Buffer.from(piece))));
});

test("on a terminal nothing is obeyed, wherever the pieces are cut, also without an end of line", async () => {
  expect((await written(true, pieces)).toString()).toBe('web1,"a\\e[2Jé\\rb"\nrest\\x07');
});

test("a line without end is not held", async () => {
  const long = "x".repeat(100_000);
  expect((await written(true, [long, long])).length).toBe(200_000);
});
