import { stripVTControlCharacters } from "node:util";
import type { Daemon } from "../daemon/daemon.ts";

/**
 * The recorded output of a run as text, both streams in order, without colours and other control sequences: its first
 * `limitBytes`, and whether that is everything; only of `range` if given (`bytes=-100`).
 */
export async function readRecordedText(
  daemon: Daemon,
  runId: string,
  limitBytes: number,
  range?: string,
): Promise<{ text: string; whole: boolean }> {
  const output = await daemon.openOutput(runId, "both", { range });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of output) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Breaking out of the loop closes the connection.
    if (bytes > limitBytes) break;
  }
  const text = Buffer.concat(chunks).subarray(0, limitBytes).toString("utf8");
  return { text: stripVTControlCharacters(text).replaceAll("\r\n", "\n"), whole: bytes <= limitBytes };
}
