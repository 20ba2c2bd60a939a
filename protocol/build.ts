/** Replaced by the build script with a digest of the sources. */
declare const HOSTRUN_BUILD: string | undefined;

/** Identifies this build: two builds of one version may differ during development. */
export const build = typeof HOSTRUN_BUILD === "undefined" ? "source" : HOSTRUN_BUILD;
