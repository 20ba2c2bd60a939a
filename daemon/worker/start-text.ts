import snapshot from "./snapshot.sh";
import start from "./start.sh";
import worker from "./worker.pl";

/**
 * Files that a login shell reads when it starts, or that determine what it reads; names without a slash are in the home
 * directory.
 */
const watchedFiles = [
  ..."/etc/passwd /etc/group /etc/environment /etc/bash.bashrc /etc/bashrc /etc/profile".split(" "),
  ...".bashrc .bash_aliases .bash_profile .profile .cargo/env .nvm/nvm.sh".split(" "),
];

/** Prints, as text, what a bash got from its start files; the output is the same for a bash that was given that text. */
export const snapshotText = withoutComments(snapshot);

/**
 * For a bash that has read its start files: becomes the worker and reports so with `token`, or refuses. `shell` is the
 * absolute path of that bash, without special characters.
 */
export function startText(token: string, shell: string): string {
  const words: Readonly<Record<string, string>> = {
    TOKEN: token,
    SHELL: shell,
    SNAPSHOT: snapshotText,
    WORKER: `'${withoutComments(worker)}'`,
    FILES: `'${watchedFiles.join(" ")}'`,
  };
  return withoutComments(start).replace(/@([A-Z]+)@/g, (word, name: string) => words[name] ?? word);
}

function withoutComments(script: string): string {
  const lines = script.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#")).join("\n");
}
