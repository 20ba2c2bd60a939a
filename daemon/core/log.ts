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

/** For tests and for parts that have nothing to say yet. */
export const silentLog: Log = createLog(
  () => "error",
  () => undefined,
);
