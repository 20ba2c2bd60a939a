/** Replaced by the build script with a digest of the sources. */
declare const HOSTRUN_BUILD: string | undefined;

/** Which build this is: two of one version may differ while it is being worked on. */
export const build = typeof HOSTRUN_BUILD === "undefined" ? "source" : HOSTRUN_BUILD;
