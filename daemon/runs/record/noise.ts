/** Unasked-for messages of shells and ssh on stderr; a line that begins like this is noise. */
const beginnings = [
  "bash: cannot set terminal process group",
  "bash: no job control in this shell",
  "Warning: Permanently added ",
].map((text) => Buffer.from(text));
const firstBytes = new Set(beginnings.map((text) => text[0]));
export const newline = 0x0a;
const maxNoise = 512;

export interface Piece {
  readonly bytes: Buffer;
  readonly noise: boolean;
}

export interface NoiseSplit {
  readonly pieces: readonly Piece[];
  /** An unfinished line that may turn out to be noise; to be put before the next bytes. */
  readonly held: Buffer;
}

/** Splits bytes of stderr into noise, which is always whole lines, and the rest. Loses and reorders nothing. */
export function splitNoise(bytes: Buffer, atLineStart: boolean): NoiseSplit {
  const pieces: Piece[] = [];
  let plainFrom = 0;
  const plainUpTo = (end: number): void => {
    if (end > plainFrom) pieces.push({ bytes: bytes.subarray(plainFrom, end), noise: false });
    plainFrom = end;
  };
  let at = atLineStart ? 0 : afterLine(bytes, 0);
  while (at < bytes.length) {
    const next = afterLine(bytes, at);
    const finished = bytes[next - 1] === newline;
    const line = bytes.subarray(at, next);
    if (firstBytes.has(line[0]) && finished && isNoise(line)) {
      plainUpTo(at);
      pieces.push({ bytes: line, noise: true });
      plainFrom = next;
    } else if (firstBytes.has(line[0]) && !finished && mayBecomeNoise(line)) {
      plainUpTo(at);
      return { pieces, held: line };
    }
    at = next;
  }
  plainUpTo(bytes.length);
  return { pieces, held: Buffer.alloc(0) };
}

function afterLine(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(newline, from);
  return end < 0 ? bytes.length : end + 1;
}

function isNoise(line: Buffer): boolean {
  return line.length <= maxNoise && beginnings.some((text) => line.subarray(0, text.length).equals(text));
}

function mayBecomeNoise(line: Buffer): boolean {
  if (line.length > maxNoise) return false;
  return beginnings.some((text) => {
    const common = Math.min(text.length, line.length);
    return line.subarray(0, common).equals(text.subarray(0, common));
  });
}
