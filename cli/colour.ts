const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export type Style = keyof typeof codes;

/** Styles text if `stream` is a terminal, subject to NO_COLOR and CLICOLOR_FORCE. */
export function paint(text: string, style: Style | undefined, stream: { readonly isTTY?: boolean }): string {
  if (style === undefined || !showsColour(stream, process.env)) return text;
  return `\u001b[${codes[style]}m${text}\u001b[0m`;
}

/** Follows no-color.org and bixense.com/clicolors. */
export function showsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR = "", CLICOLOR_FORCE = "0", CLICOLOR = "1", TERM = "" } = env;
  if (NO_COLOR !== "") return false;
  if (CLICOLOR_FORCE !== "0" && CLICOLOR_FORCE !== "") return true;
  return stream.isTTY === true && TERM !== "dumb" && CLICOLOR !== "0";
}
