import { Problem } from "../../protocol/problem.ts";
import { visibleJson, visibleLine } from "../../protocol/visible.ts";

import { currentRequestId } from "./request-id.ts";

export type LogLevel = "error" | "warn" | "info" | "debug";

/**
 * The fields that a log line may have besides its message; others are left out. A name may be added only if its values
 * are never secrets, nor a run's bytes.
 */
const fieldNames = [
  "method",
  "status",
  "location",
  "durationMs",
  "run",
  "runs",
  "job",
  "host",
  "address",
  "hop",
  "keyType",
  "fingerprint",
  "path",
  "why",
  "failure",
  "pid",
  "version",
  "socket",
  "authority",
  "timeoutMs",
  "retryMs",
  "drainTimeoutMs",
  "queued",
  "connecting",
  "running",
  "maxConnections",
  "table",
  "row",
  "columns",
  "damagedStore",
] as const;
type FieldName = (typeof fieldNames)[number];
const allowed: ReadonlySet<string> = new Set(fieldNames);

export type LogFields = { readonly [Name in FieldName]?: unknown };

export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

export type LogSink = (line: string) => void;

const ranks: Record<LogLevel, number> = { error: 0, warn: 1, info: 2, debug: 3 };

const maxFieldLength = 1000;
const maxCauses = 5;
const maxFrames = 20;

/** An error's message may come from a server; only a Problem's is Hostrun's own. */
function plain(value: unknown, causes = 0): unknown {
  if (typeof value === "string") return visibleLine(value, maxFieldLength);
  if (!(value instanceof Error)) return value;
  const message = value instanceof Problem ? value.message : visibleLine(value.message);
  const frames = value.stack?.split("\n").filter((line) => line.startsWith("    at ")) ?? [];
  const stack = frames
    .slice(0, maxFrames)
    .map((frame) => visibleLine(frame))
    .join("\n");
  const deeper = value.cause !== undefined && causes < maxCauses;
  return { name: value.name, message, stack, ...(deeper && { cause: plain(value.cause, causes + 1) }) };
}

/** Creates a log with one JSON object per line, in which every character is visible. */
export function createLog(level: () => LogLevel, sink: LogSink): Log {
  const write = (at: LogLevel, message: string, fields: LogFields = {}): void => {
    if (ranks[at] > ranks[level()]) return;
    const more = Object.entries(fields)
      .filter(([name]) => allowed.has(name))
      .map(([name, value]): [string, unknown] => [name, plain(value)]);
    const request = currentRequestId();
    const head = {
      at: new Date().toISOString(),
      level: at,
      message,
      ...(request !== undefined && { request }),
    };
    const line = { ...head, ...Object.fromEntries(more) };
    sink(`${visibleJson(JSON.stringify(line))}\n`);
  };
  return {
    error: (message, fields) => write("error", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    info: (message, fields) => write("info", message, fields),
    debug: (message, fields) => write("debug", message, fields),
  };
}

/** For tests, and for parts that log nothing. */
export const silentLog: Log = createLog(
  () => "error",
  () => undefined,
);
