import { splitArguments } from "../../core/split-arguments.ts";

/** One option line of an SSH configuration. */
export interface ConfigLine {
  /** In lower case. */
  readonly keyword: string;
  /** Its arguments, unquoted; undefined if a quote is not closed. */
  readonly words: readonly string[] | undefined;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** A file, its lines, and the files included at each line. */
export interface ConfigTree {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly ConfigLine[];
  readonly included: ReadonlyMap<ConfigLine, readonly ConfigTree[]>;
}

/** Parses a line as readconf.c does; undefined for comments and blank lines. */
export function parseConfigLine(
  text: string,
  place: Pick<ConfigLine, "file" | "line">,
): ConfigLine | undefined {
  const match = /^[ \t\f\r]*"?([A-Za-z0-9]+)"?(?:[ \t]*=[ \t]*|[ \t]+|$)/.exec(text);
  if (match === null) return undefined;
  const words = splitArguments(text.slice(match[0].length).trimEnd(), { comments: true });
  return { keyword: (match[1] ?? "").toLowerCase(), words, ...place };
}
