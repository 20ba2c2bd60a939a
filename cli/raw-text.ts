import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";

/**
 * The index of the first argument of this process that is not valid UTF-8, and so was not passed on as it was given.
 * Where the system does not provide the original bytes, an argument with the replacement character counts.
 */
export function unreadableArgument(args: readonly string[]): number | undefined {
  if (!args.some(isSuspect)) return undefined;
  const raw = rawStrings("cmdline")?.slice(-args.length);
  const at = args.findIndex((arg, index) => isSuspect(arg) && !isAsGiven(arg, raw?.[index]));
  return at === -1 ? undefined : at;
}

/** Whether the value of an environment variable was decoded without loss. */
export function isReadableVariable(name: string, value: string): boolean {
  if (!isSuspect(value)) return true;
  const prefix = Buffer.from(`${name}=`);
  const raw = rawStrings("environ")?.find((entry) => entry.subarray(0, prefix.length).equals(prefix));
  return isAsGiven(value, raw?.subarray(prefix.length));
}

function isSuspect(text: string): boolean {
  return text.includes("\ufffd") || !text.isWellFormed();
}

function isAsGiven(text: string, raw: Buffer | undefined): boolean {
  return raw !== undefined && isUtf8(raw) && raw.toString() === text;
}

/** The raw strings of this process on Linux (proc(5)). */
function rawStrings(file: "cmdline" | "environ"): Buffer[] | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(`/proc/self/${file}`);
  } catch {
    return undefined;
  }
  const strings: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0, from);
    const next = end === -1 ? bytes.length : end;
    strings.push(bytes.subarray(from, next));
    from = next + 1;
  }
  return strings;
}
