/**
 * One word for any POSIX shell. At most 1.75 times as long as the text, whatever that holds: Linux takes an argument of
 * 128 KiB, and a command may have half of it. Of the two ways to quote, one is cheap for what is dear in the other.
 */
export function quote(text: string): string {
  const single = `'${text.replaceAll("'", "'\\''")}'`;
  if (single.length <= 1.75 * text.length + 2) return single;
  return `"${text.replace(/["\\$`]/g, (character) => `\\${character}`)}"`;
}

/** One word for fish, in whose single quotes a backslash is an escape; in one line, whatever the text holds. */
export function quoteForFish(text: string): string {
  return `'${text.replace(/['\\]/g, (character) => `\\${character}`).replaceAll("\n", "'\\n'")}'`;
}

/** One word for csh and tcsh, in whose quotes an exclamation mark means history and a line's end an error. */
export function quoteForCsh(text: string): string {
  return `'${text.replaceAll("'", `'\\''`).replace(/[!\n]/g, (character) => `\\${character}`)}'`;
}

/**
 * A POSIX script as a command that every shell reads the same way, whatever its language: what any of them may
 * trip over is octal.
 */
export function portable(script: string): string {
  const octal = (character: string): string => `\\0${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
  const text = script.replace(/(?=\p{ASCII})[\p{Cc}'"\\$`!]/gu, octal);
  // The x keeps the line ends before it.
  return `/bin/sh -c 's=$(printf %b "${text}x"); eval "\${s%x}"'`;
}

/**
 * A directory as one word that `cd` reads as nothing else: no option, no entry of CDPATH. A relative one is taken from
 * the home directory, where a login begins, wherever start files went.
 */
export function directoryBy(quoted: (text: string) => string, path: string): string {
  if (path === "~") return "~";
  if (path.startsWith("/")) return quoted(path);
  return `~/${quoted(path.startsWith("~/") ? path.slice(2) : path)}`;
}
