import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from "diff";
import { formatBytes } from "../../protocol/size.ts";

/** The output of one run, or the end of it. */
export interface DiffSide {
  /** The host's name. */
  readonly host: string;
  readonly run: string;
  readonly bytes: Uint8Array;
  /** The number of recorded bytes before `bytes`. */
  readonly skippedBytes: number;
  /** The number of bytes received that the record does not keep. */
  readonly unrecordedBytes: number;
}

const contextLines = 3;
/** As in git. */
const binaryProbeBytes = 8000;

/**
 * `diff -u` of two outputs: empty if they are equal. Lines starting with "#" come first and say what was not compared. If
 * the comparison takes longer than `timeoutMs`, lines at the same position are compared.
 */
export function unifiedDiff(a: DiffSide, b: DiffSide, timeoutMs: number): string {
  const notes = [...notesOf(a), ...notesOf(b)];
  if (Buffer.compare(a.bytes, b.bytes) === 0) return text(notes);
  if (isBinary(a.bytes) || isBinary(b.bytes)) {
    return text([...notes, `Binary output of ${a.host} and ${b.host} differs`]);
  }
  const [before, after] = [linesOf(a), linesOf(b)];
  const names = [a.host, b.host, before.join(""), after.join(""), a.run, b.run] as const;
  const exact = structuredPatch(...names, { context: contextLines, timeout: timeoutMs });
  if (exact !== undefined) return text(notes) + formatPatch(exact, FILE_HEADERS_ONLY);
  const note =
    "# They differ in too many lines to find what moved: each line is compared with the one at its place.";
  const coarse = {
    ...structuredPatch(a.host, b.host, "", "", a.run, b.run),
    hunks: hunksByPlace(before, after),
  };
  return text([...notes, note]) + formatPatch(coarse, FILE_HEADERS_ONLY);
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function notesOf({ host, skippedBytes, unrecordedBytes }: DiffSide): string[] {
  const skipped = `# ${host}: only the end of the output is compared, without the first ${formatBytes(skippedBytes)}.`;
  const lost = `# ${host}: ${formatBytes(unrecordedBytes)} of the output were not recorded.`;
  return [...(skippedBytes > 0 ? [skipped] : []), ...(unrecordedBytes > 0 ? [lost] : [])];
}

function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, binaryProbeBytes).includes(0);
}

/** Each with its newline; the end of an output starts with a whole line. */
function linesOf({ bytes, skippedBytes }: DiffSide): string[] {
  const from = skippedBytes > 0 ? bytes.indexOf(10) + 1 : 0;
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset + from, bytes.length - from).toString("utf8");
  return whole === "" ? [] : whole.split(/(?<=\n)/);
}

interface Hunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  lines: string[];
}

/** Adjacent lines that differ from those at the same position form a hunk, without context. */
function hunksByPlace(before: readonly string[], after: readonly string[]): Hunk[] {
  const hunks: Hunk[] = [];
  const most = Math.max(before.length, after.length);
  for (let at = 0; at < most; at += 1) {
    if (before[at] === after[at]) continue;
    let end = at + 1;
    while (end < most && before[end] !== after[end]) end += 1;
    const [old, fresh] = [before.slice(at, end), after.slice(at, end)];
    const lines = [
      ...old.flatMap((line) => marked("-", line)),
      ...fresh.flatMap((line) => marked("+", line)),
    ];
    const place = { oldStart: at + 1, newStart: at + 1 };
    hunks.push({ ...place, oldLines: old.length, newLines: fresh.length, lines });
    at = end;
  }
  return hunks;
}

function marked(sign: "+" | "-", line: string): string[] {
  if (line.endsWith("\n")) return [sign + line.slice(0, -1)];
  return [sign + line, "\\ No newline at end of file"];
}
