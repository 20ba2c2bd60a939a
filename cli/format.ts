import { visible } from "../protocol/visible.ts";
import { UsageError, unknown } from "./command.ts";
import { print, printJson } from "./console.ts";

/** The options of every command that prints data. */
export const formatOptions = { json: { type: "boolean" }, format: { type: "string" } } as const;

/** The help text for them. */
export const formatHelp = `  --json             as JSON
  --format TEMPLATE  a line each, with the fields of --json, e.g. '{{.id}} {{.host.name}}'
`;

/** The output format; undefined is for a person. */
export type Format = "json" | Template | undefined;

/** A template: literal texts, and the paths of the fields between them. */
interface Template {
  readonly texts: readonly string[];
  readonly fields: readonly (readonly string[])[];
}

/** Parses `--json`, or `--format`: `json` or a template in docker's syntax, `{{.host.name}}`. */
export function parseFormat(values: {
  readonly json?: boolean | undefined;
  readonly format?: string | undefined;
}): Format {
  const { json = false, format } = values;
  if (format === undefined) return json ? "json" : undefined;
  if (json) throw new UsageError("--json and --format cannot be used together.");
  return format === "json" ? format : parseTemplate(format);
}

/** Prints one item: as JSON, with the template, or as the result of `text`, for a person. */
export function showOne(format: Format, value: object, text: () => string): void {
  if (format === "json") printJson(value);
  else print(format === undefined ? text() : fill(format, value));
}

/**
 * The same for a list: all of it as JSON, or one line per item with the template. `text` is called only for a list
 * that is not empty.
 */
export function showAll(format: Format, items: readonly object[], text: () => string): void {
  if (format === "json") printJson(items);
  else if (format !== undefined) print(items.map((item) => fill(format, item)).join(""));
  else if (items.length > 0) print(text());
}

function parseTemplate(source: string): Template {
  const escapes: Readonly<Record<string, string>> = { t: "\t", n: "\n" };
  const template = source.replaceAll(/\\([tn])/g, (_, letter: string) => escapes[letter] ?? "");
  const parts = template.split(/\{\{\s*\.([\w.]+)\s*\}\}/);
  const texts = parts.filter((_, index) => index % 2 === 0);
  if (texts.length === 1 || texts.some((text) => /\{\{|\}\}/.test(text))) {
    throw new UsageError(
      `--format is "${source}", but must be json or a template such as "{{.id}} {{.host.name}}".`,
    );
  }
  return { texts, fields: parts.filter((_, index) => index % 2 === 1).map((path) => path.split(".")) };
}

function fill({ texts, fields }: Template, value: object): string {
  const filled = fields.map((path) => visible(fieldText(path, value)));
  return `${texts.map((text, index) => text + (filled[index] ?? "")).join("")}\n`;
}

/** The text of a field: "" for null, a list separated by commas. */
function fieldText(path: readonly string[], value: object): string {
  let at: unknown = value;
  for (const name of path) {
    if (at === null || at === undefined) return "";
    const entries = typeof at === "object" ? Object.entries(at) : [];
    const entry = entries.find(([known]) => known === name);
    if (entry === undefined) {
      throw unknown(
        "field",
        `.${path.join(".")}`,
        entries.map(([known]) => `.${known}`),
      );
    }
    at = entry[1];
  }
  if (at === null || at === undefined) return "";
  if (Array.isArray(at))
    return at.map((item) => (typeof item === "string" ? item : JSON.stringify(item))).join(",");
  return typeof at === "string" ? at : JSON.stringify(at);
}
