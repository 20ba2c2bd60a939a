import type { SshConnection } from "../connect/ssh-connection.ts";
import { canOpenAhead } from "../ssh2-internals.ts";

/** TinySSH gives up the whole connection at a second channel. */
export function hasOneSession(connection: SshConnection | undefined): boolean {
  return connection?.server.startsWith("tinyssh") === true;
}

/** Only servers that are known to bear a session on which nothing runs. */
export function takesSpare(connection: SshConnection): boolean {
  return /^(OpenSSH|dropbear)_/.test(connection.server) && canOpenAhead(connection.client);
}
