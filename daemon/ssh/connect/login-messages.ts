import type { Client } from "ssh2";
import { visibleText } from "../../../protocol/visible.ts";
import { preferSha512, watchAuthentication, watchDebugMessages } from "../ssh2-internals.ts";

/** How OpenSSH reports a key's options (auth.c, auth_log_authopts). */
const forcedCommand = /: key options:.* command(?: |$)/;

/** For everything that a server shows during one login. */
const maxBannerLength = 16 * 1024;

export interface LoginMessages {
  /** Text that the server shows before the login (RFC 4252, section 5.4), in visible lines. */
  banner(text: string): void;
  /** `methods`: those that can continue; `partial`: the last request succeeded partially. */
  refused(methods: readonly string[], partial: boolean): void;
  /** The password that was sent has expired; `prompt` is the server's request for a new one. */
  passwordExpired(prompt: string): void;
  /** The key that logs in forces a command. */
  forcesCommand(): void;
}

/** Watches what a server sends during a login beyond what ssh2 handles; call this once ssh2 has started to connect. */
export function watchLogin(client: Client, messages: LoginMessages): void {
  preferSha512(client);
  let room = maxBannerLength;
  client.on("banner", (text) => {
    const shown = visibleText(text, room);
    room -= shown.length;
    if (shown !== "") messages.banner(shown);
  });
  watchDebugMessages(client, (message) => {
    if (forcedCommand.test(message)) messages.forcesCommand();
  });
  watchAuthentication(client, (methods, partial) => messages.refused(methods, partial));
  client.on("change password", (prompt) => messages.passwordExpired(prompt));
}
