import type * as z from "zod";
import type { Log } from "../core/log.ts";
import { parseJson } from "../core/json.ts";

/** A row as far as it could be read: its `damaged` members have defaults. */
export interface StoredRow<T> {
  readonly value: T;
  readonly damaged: readonly string[];
}

/**
 * Parses a row with a schema of the store, which may be laxer than the protocol's. A member that does not match is
 * replaced by its fallback; without one, the row is lost: undefined. Rows are damaged by disks, by manual changes and
 * by other versions of Hostrun.
 */
export function readStored<Schema extends z.ZodObject>(
  schema: Schema,
  values: Readonly<Record<string, unknown>>,
  fallbacks: Readonly<Record<string, unknown>>,
): StoredRow<z.output<Schema>> | undefined {
  const whole = schema.safeParse(values);
  if (whole.success) return { value: whole.data, damaged: [] };
  const damaged = [...new Set(whole.error.issues.map(({ path }) => String(path[0])))];
  const given = damaged.filter((name) => name in fallbacks).map((name) => [name, fallbacks[name]] as const);
  const mended = schema.safeParse({ ...values, ...Object.fromEntries(given) });
  return mended.success ? { value: mended.data, damaged } : undefined;
}

/** Parses JSON text of a row; undefined, which no schema accepts, if it is invalid. */
export function storedJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Logs rows that cannot be read completely, each once. */
export class DamageReport {
  readonly #log: Log;
  readonly #reported = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The `columns` that cannot be read, or none for the whole row. */
  report(table: string, row: number | string, columns: readonly string[] = []): void {
    const key = `${table} ${row}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    const message =
      columns.length === 0
        ? "A stored row cannot be read, and is left out"
        : "A stored row cannot be read in full; the rest of it is shown";
    this.#log.warn(message, { table, row, ...(columns.length > 0 && { columns }) });
  }
}
