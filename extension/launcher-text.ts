const mark = "Starts the command line of the VS Code extension Hostrun, which writes this file.";

/**
 * A script that runs `script` with `program`, which may be VS Code itself: that acts as Node when an environment
 * variable is set.
 */
export function launcherText(
  { program, script }: { readonly program: string; readonly script: string },
  isWindows: boolean,
): string {
  if (isWindows) {
    return [
      `@rem ${mark}`,
      "@setlocal",
      "@set ELECTRON_RUN_AS_NODE=1",
      `@"${program}" "${script}" %*`,
      "",
    ].join("\r\n");
  }
  return [
    "#!/bin/sh",
    `# ${mark}`,
    `ELECTRON_RUN_AS_NODE=1 exec ${quoted(program)} ${quoted(script)} "$@"`,
    "",
  ].join("\n");
}

/** Whether a file is such a script, of any version. */
export function isLauncher(text: string): boolean {
  return text.includes(mark);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
