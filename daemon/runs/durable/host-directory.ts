/** What a host says of a path is used in commands for it again. */
const plainPath = /^\/[A-Za-z0-9/._@+-]{1,1000}$/;

/** A directory that a host named; undefined where it is none that can stand in a command as it is. */
export function parseHostDirectory(text: string | undefined): string | undefined {
  return text !== undefined && plainPath.test(text) ? text : undefined;
}

/** Whether it is the second choice (see find-directory.sh). */
export function isInHome(directory: string): boolean {
  return !/^(?:\/var)?\/tmp\/hostrun-\d+$/.test(directory);
}
