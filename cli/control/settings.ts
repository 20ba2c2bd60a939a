import { defaultSettings } from "../../protocol/settings.ts";
import { parseSize, parseSpan, UsageError, unknown } from "../command.ts";

/** A setting's name as written in config.json. */
export function parseSettingName(name: string): string {
  if (Object.hasOwn(defaultSettings, name)) return name;
  throw unknown("setting", name, Object.keys(defaultSettings));
}

/** Converts a value to the type of its setting; the daemon validates it. null, as the list shows it: it is not set. */
export function parseSettingValue(name: string, text: string): string | number | null {
  const known = Object.entries(defaultSettings).find(([key]) => key === name);
  if (known?.[1] === null && text === "null") return null;
  if (typeof known?.[1] !== "number") return text;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  if (name.endsWith("Bytes")) return parseSize(text, name);
  if (name.endsWith("Ms") && /[a-z]$/.test(text)) return parseSpan(text, name);
  throw new UsageError(`${name} is "${text}", but must be a whole number.`);
}

/** A setting's value for display; `null` if it is not set. */
export function settingText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
