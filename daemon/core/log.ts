import { appendFileSync, renameSync, statSync } from "node:fs";

export type LogLevel = "error" | "warn" | "info" | "debug";
export type LogFields = Record<string, unknown>;

export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

export type LogSink = (line: string) => void;

const ranks: Record<LogLevel, number> = { error: 0, warn: 1, info: 2, debug: 3 };

function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const cause = value.cause === undefined ? {} : { cause: plain(value.cause) };
  return { name: value.name, message: value.message, stack: value.stack, ...cause };
}

/** A log of one JSON object a line. Callers keep secrets and the bytes of runs out of it. */
export function createLog(level: () => LogLevel, sink: LogSink): Log {
  const write = (at: LogLevel, message: string, fields: LogFields = {}): void => {
    if (ranks[at] > ranks[level()]) return;
    const entries = Object.entries(fields).map(([name, value]) => [name, plain(value)]);
    sink(
      `${JSON.stringify({ at: new Date().toISOString(), level: at, message, ...Object.fromEntries(entries) })}\n`,
    );
  };
  return {
    error: (message, fields) => write("error", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    info: (message, fields) => write("info", message, fields),
    debug: (message, fields) => write("debug", message, fields),
  };
}

/** Appends to `path` (mode 0600); at `maxBytes` the file becomes `path.1`, which replaces the one before. */
export function rotatingFile(path: string, maxBytes = 5 * 1024 * 1024): LogSink {
  let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return (line) => {
    try {
      if (size > 0 && size + line.length > maxBytes) {
        renameSync(path, `${path}.1`);
        size = 0;
      }
      appendFileSync(path, line, { mode: 0o600 });
      size += Buffer.byteLength(line);
    } catch {
      // A log that cannot be written must not take the daemon down; the next line tries again.
    }
  };
}

/** For tests and for parts that have nothing to say yet. */
export const silentLog: Log = createLog(
  () => "error",
  () => undefined,
);
