import { visible } from "../protocol/visible.ts";
import { UsageError, unknown } from "./command.ts";
import { print, printJson } from "./console.ts";

/** The options of every command that shows something. */
export const formatOptions = { json: { type: "boolean" }, format: { type: "string" } } as const;

/** What their help says. */
export const formatHelp = `  --json             as JSON
  --format TEMPLATE  a line each, with the fields of --json, e.g. '{{.id}} {{.host.name}}'
`;

/** How something is shown; undefined is for a person. */
export type Format = "json" | Template | undefined;

/** Texts, and between them the paths of fields. */
interface Template {
  readonly texts: readonly string[];
  readonly fields: readonly (readonly string[])[];
}

/** `--json`, or `--format`: `json` or a template as docker takes it, `{{.host.name}}`. */
export function parseFormat(values: {
  readonly json?: boolean | undefined;
  readonly format?: string | undefined;
}): Format {
  const { json = false, format } = values;
  if (format === undefined) return json ? "json" : undefined;
  if (json) throw new UsageError("--json and --format cannot be used together.");
  return format === "json" ? format : parseTemplate(format);
}

/** Shows one thing: as JSON, by the template, or as `text` makes it for a person. */
export function showOne(format: Format, value: object, text: () => string): void {
  if (format === "json") printJson(value);
  else print(format === undefined ? text() : fill(format, value));
}

/** The same for a list: JSON of the whole, or a line of the template each. `text` is of one that is not empty. */
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
  if (texts.some((text) => /\{\{|\}\}/.test(text))) {
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

/** What a field holds, null as nothing and a list with commas. */
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
