/** The pipe of Windows' own OpenSSH, which its `ssh` uses by default. */
const windowsPipe = String.raw`\\.\pipe\openssh-ssh-agent`;

/** The address of the SSH agent for a process with these variables; null: none. */
export function agentSocketOf(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string | null {
  return environment["SSH_AUTH_SOCK"] || (platform === "win32" ? windowsPipe : null);
}
