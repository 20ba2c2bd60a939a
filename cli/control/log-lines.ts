import { visible } from "../../protocol/visible.ts";

/** Formats a line of the daemon's log for a person: time, level, message and its other fields. */
export function readable(line: string): string {
  const entry = parse(line);
  if (entry === undefined) return visible(line);
  const { at, level, message, ...more } = entry;
  const fields = Object.entries(more).map(([name, value]) => ` ${name}=${textOf(value)}`);
  return visible(`${textOf(at)} ${textOf(level).padEnd(5)} ${textOf(message)}${fields.join("")}`);
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || !("message" in value)) return undefined;
    return { ...value };
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
