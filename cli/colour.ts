const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export type Style = keyof typeof codes;

/** Text in a style where `stream` shows it: a terminal, unless NO_COLOR says otherwise, or as CLICOLOR_FORCE has it. */
export function paint(text: string, style: Style | undefined, stream: { readonly isTTY?: boolean }): string {
  if (style === undefined || !showsColour(stream, process.env)) return text;
  return `\u001b[${codes[style]}m${text}\u001b[0m`;
}

/** As no-color.org and bixense.com/clicolors say. */
export function showsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR = "", CLICOLOR_FORCE = "0", CLICOLOR = "1", TERM = "" } = env;
  if (NO_COLOR !== "") return false;
  if (CLICOLOR_FORCE !== "0" && CLICOLOR_FORCE !== "") return true;
  return stream.isTTY === true && TERM !== "dumb" && CLICOLOR !== "0";
}
