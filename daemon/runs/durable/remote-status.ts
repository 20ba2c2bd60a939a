import type { OutputStream } from "../../../protocol/event.ts";
import { parseHostDirectory } from "./host-directory.ts";

/** The host's first message in a session (see host-script.ts). */
export interface RemoteStatus {
  /**
   * running, ended, lost: for a run that began. ready: waiting for its input. never, gone, there, unsafe, setsid, full:
   * for a run that did not begin.
   */
  readonly state: string;
  readonly code: number | undefined;
  /** The signal that ended the command, without SIG. */
  readonly signal: string | undefined;
  readonly group: number | undefined;
  /** Sizes of the output files in bytes; final unless the run is still running. */
  readonly sizes: Readonly<Record<OutputStream, number>>;
  /** SHA-256 of the output files, in hex, if it was requested and the host can compute it. */
  readonly hashes: Readonly<Record<OutputStream, string>> | undefined;
  /** Where all runs of the account are kept. */
  readonly directory: string | undefined;
}

/** How many bytes before the mark may be the beginning of the mark itself. */
const maxMark = 128;
const nothing = Buffer.alloc(0);

/** Skips the output of the login shell's start files, up to the line with which our own part begins. */
export class StatusLineFilter {
  readonly #mark: Buffer;
  #held = nothing;
  #line: string | undefined;

  constructor(token: string) {
    this.#mark = Buffer.from(`hostrun-${token}:`);
  }

  /** The rest of the line after the mark, once it has arrived. */
  get line(): string | undefined {
    return this.#line;
  }

  /** The bytes of `chunk` that come after the line. */
  take(chunk: Buffer): Buffer {
    if (this.#line !== undefined) return chunk;
    const bytes = Buffer.concat([this.#held, chunk]);
    const at = bytes.indexOf(this.#mark);
    const end = at < 0 ? -1 : bytes.indexOf("\n", at);
    if (end < 0) {
      this.#held = Buffer.from(bytes.subarray(Math.max(0, at < 0 ? bytes.length - maxMark : at)));
      return nothing;
    }
    this.#line = bytes.toString("latin1", at + this.#mark.length, end);
    this.#held = nothing;
    return bytes.subarray(end + 1);
  }
}

export function parseRemoteStatus(line: string): RemoteStatus {
  const [state = "", ended = "", group, stdout, stderr, ...rest] = line.split(":");
  const [ofStdout, ofStderr] = rest
    .slice(0, 2)
    .map((text) => (/^[0-9a-f]{64}$/.test(text) ? text : undefined));
  const known = ofStdout !== undefined && ofStderr !== undefined;
  return {
    state,
    code: number(ended),
    signal: /^[A-Z][A-Z0-9+-]{1,15}$/.test(ended) ? ended : undefined,
    group: number(group),
    sizes: { stdout: number(stdout) ?? 0, stderr: number(stderr) ?? 0 },
    hashes: known ? { stdout: ofStdout, stderr: ofStderr } : undefined,
    directory: parseHostDirectory(rest[2]),
  };
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
