import { UsageError } from "./command.ts";

/** More than the maximum of any secret (protocol/host-endpoints.ts). */
const maxBytes = 65_536;

/** The first line of standard input, with or without a newline. */
export async function firstLineOfStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const input: AsyncIterable<Buffer> = process.stdin;
  for await (const bytes of input) {
    chunks.push(bytes);
    length += bytes.length;
    if (bytes.includes(0x0a)) break;
    if (length > maxBytes) throw new UsageError("Standard input has no first line that could be a secret.");
  }
  return Buffer.concat(chunks).toString().split(/\r?\n/, 1)[0] ?? "";
}
