import snapshot from "./snapshot.sh";
import start from "./start.sh";
import worker from "./worker.pl";

/** What a login shell reads when it starts, or what tells it what to read; those without a slash stand in the home directory. */
const watchedFiles = [
  ..."/etc/passwd /etc/group /etc/environment /etc/bash.bashrc /etc/bashrc /etc/profile".split(" "),
  ...".bashrc .bash_aliases .bash_profile .profile .cargo/env .nvm/nvm.sh".split(" "),
];

/** What a bash has from its start files, as text; the same for one that has been given it. */
export const snapshotText = withoutComments(snapshot);

/**
 * For a bash that has read its start files: becomes the worker, which says so by `token`, or says no. `shell` is the
 * absolute path of that bash, a plain word.
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
