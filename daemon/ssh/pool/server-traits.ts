import type { SshConnection } from "../connect/ssh-connection.ts";
import { canOpenAhead } from "../ssh2-internals.ts";

/** TinySSH closes the whole connection at a second channel. */
export function hasOneSession(connection: SshConnection | undefined): boolean {
  return connection?.server.startsWith("tinyssh") === true;
}

/** Only for servers known to allow a session without a command. */
export function takesSpare(connection: SshConnection): boolean {
  return /^(OpenSSH|dropbear)_/.test(connection.server) && canOpenAhead(connection.client);
}
