/** Of Windows' own OpenSSH, whose `ssh` takes it by itself. */
const windowsPipe = String.raw`\\.\pipe\openssh-ssh-agent`;

/** Where the SSH agent of a process with these variables is; null: nowhere. */
export function agentSocketOf(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string | null {
  return environment["SSH_AUTH_SOCK"] || (platform === "win32" ? windowsPipe : null);
}
