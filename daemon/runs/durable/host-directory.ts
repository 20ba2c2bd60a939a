/** Paths reported by a host are used in later commands for it. */
const plainPath = /^\/[A-Za-z0-9/._@+-]{1,1000}$/;

/** A directory reported by a host; undefined if it is not safe to use unquoted in a command. */
export function parseHostDirectory(text: string | undefined): string | undefined {
  return text !== undefined && plainPath.test(text) ? text : undefined;
}

/** Whether it is the fallback in the home directory (see find-directory.sh). */
export function isInHome(directory: string): boolean {
  return !/^(?:\/var)?\/tmp\/hostrun-\d+$/.test(directory);
}
