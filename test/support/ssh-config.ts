import { systemClock } from "../../daemon/core/clock.ts";
import { createSshConfig, type SshConfig } from "../../daemon/hosts/ssh-config.ts";
import { parseConfigLine } from "../../daemon/hosts/ssh-config-line.ts";

/** What the text of an SSH config without any Include says to the user "me", whose home is /home/me. */
export function parseSshConfig(text: string): Promise<SshConfig> {
  const lines = text
    .split("\n")
    .flatMap((line, index) => parseConfigLine(line, { file: "config", line: index + 1 }) ?? []);
  const tree = { lines, included: new Map() };
  return createSshConfig(tree, { clock: systemClock, home: "/home/me", localUser: "me" });
}
