/**
 * Quotes text as one word for any POSIX shell. The result is at most 1.75 times as long as the text: Linux limits an
 * argument to 128 KiB, and a command may use half of that. Where one kind of quotes needs many escapes, the other needs
 * few.
 */
export function quote(text: string): string {
  const single = `'${text.replaceAll("'", "'\\''")}'`;
  if (single.length <= 1.75 * text.length + 2) return single;
  return `"${text.replace(/["\\$`]/g, (character) => `\\${character}`)}"`;
}

/** Quotes text as one word for fish, where a backslash is an escape in single quotes; always on one line. */
export function quoteForFish(text: string): string {
  return `'${text.replace(/['\\]/g, (character) => `\\${character}`).replaceAll("\n", "'\\n'")}'`;
}

/**
 * Quotes text as one word for csh and tcsh, where in quotes an exclamation mark is history substitution and a newline
 * an error.
 */
export function quoteForCsh(text: string): string {
  return `'${text.replaceAll("'", `'\\''`).replace(/[!\n]/g, (character) => `\\${character}`)}'`;
}

/**
 * Wraps a POSIX script in a command that every shell parses the same way, whatever its language: characters that are
 * special to any of them are written in octal.
 */
export function portable(script: string): string {
  const octal = (character: string): string => `\\0${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
  const text = script.replace(/(?=\p{ASCII})[\p{Cc}'"\\$`!]/gu, octal);
  // The x preserves the newlines before it.
  return `/bin/sh -c 's=$(printf %b "${text}x"); eval "\${s%x}"'`;
}

/**
 * A directory as one word that `cd` cannot take for an option or an entry of CDPATH. A relative path starts at the home
 * directory, where a login begins, even if start files have changed directory.
 */
export function directoryBy(quoted: (text: string) => string, path: string): string {
  if (path === "~") return "~";
  if (path.startsWith("/")) return quoted(path);
  return `~/${quoted(path.startsWith("~/") ? path.slice(2) : path)}`;
}
