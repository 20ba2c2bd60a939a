import type { Snippet } from "../../protocol/snippet.ts";
import type { SnippetInput } from "../../protocol/snippet-input.ts";
import { visible } from "../../protocol/visible.ts";

/** In the syntax of `--input`. */
export function inputText({ name, type, choices, min, max, default: value }: SnippetInput): string {
  const range = min === undefined && max === undefined ? "" : `:${min ?? ""}..${max ?? ""}`;
  const of = choices === undefined ? range : `:${choices.join(",")}`;
  return visible(`${name}:${type}${of}${value === undefined ? "" : `=${value}`}`);
}

/** All fields of a snippet, for a person. */
export function describeSnippet({ name, description, inputs, options, targets, command }: Snippet): string {
  const set = Object.entries(options).filter(([, value]) => value !== false && value !== null);
  const rows: readonly (readonly [string, string])[] = [
    ["Name", name],
    ...(description === "" ? [] : [["About", description] as const]),
    ...inputs.map((input) => ["Input", inputText(input)] as const),
    ...(set.length === 0
      ? []
      : [["Options", set.map(([key, value]) => `${key}: ${value}`).join(", ")] as const]),
    ...(targets.length === 0 ? [] : [["Targets", targets.join(" ")] as const]),
  ];
  const lines = rows.map(([label, text]) => `${label.padEnd(9)}${visible(text)}`);
  return `${lines.join("\n")}\n\n${command.split("\n").map(visible).join("\n")}\n`;
}
