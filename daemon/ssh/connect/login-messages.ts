import type { Client } from "ssh2";
import { visibleText } from "../../../protocol/visible.ts";
import { preferSha512, watchAuthentication, watchDebugMessages } from "../ssh2-internals.ts";

/** How OpenSSH tells which options the key has (auth.c, auth_log_authopts). */
const forcedCommand = /: key options:.* command(?: |$)/;

/** Of all that a server shows at one login. */
const maxBannerLength = 16 * 1024;

export interface LoginMessages {
  /** What the server shows to a person before the login (RFC 4252, section 5.4), in visible lines. */
  banner(text: string): void;
  /** With what the server would still take; `partial`: it took the last request as a part of the login. */
  refused(methods: readonly string[], partial: boolean): void;
  /** The password that was sent has expired, and the server asks for another one in these words. */
  passwordExpired(prompt: string): void;
  /** The key that logs in runs a command of the server's choice. */
  forcesCommand(): void;
}

/** Reads what a server says during a login beside what ssh2 deals with; to be called when ssh2 has begun to connect. */
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
