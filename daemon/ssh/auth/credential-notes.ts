import { visibleLine } from "../../../protocol/visible.ts";
import type { AgentContents } from "./agents.ts";
import { type Attempt, labelOf } from "./attempt.ts";
import { rsaBits } from "../host-keys/host-key.ts";
import type { IdentityFile } from "./identity-files.ts";

/** `socket` is null where none is set. */
export type AskedAgent = AgentContents & { readonly socket: string | null };

/** Why a file contributes no key. */
export function noteOnFile(file: IdentityFile): string {
  const path = visibleLine(file.path);
  switch (file.kind) {
    case "missing":
      return `The key file ${path} does not exist.`;
    case "unreadable":
      return `The key file ${path} cannot be used: ${file.why}.`;
    case "public":
      return `${path} holds only the public key, and the SSH agent does not have the private one.`;
    case "exposed":
      return (
        `The key file ${path} is not used, since other users can access it (its mode is ` +
        `0${file.mode.toString(8)}): run “chmod 600 ${shellWord(path)}”.`
      );
    case "encrypted":
    case "key":
      return "";
  }
}

/** Why an encrypted key was not offered: nobody could be asked for its passphrase. */
export function noteOnLocked(path: string, host: string): string {
  const shown = visibleLine(path);
  return (
    `The key file ${shown} is encrypted: add the key to your SSH agent with “ssh-add ${shellWord(shown)}”, or keep its ` +
    `passphrase with “hostrun hosts login ${host}”.`
  );
}

export function noteOnShortKey(attempt: Attempt, requiredRsaSize: number): string {
  return (
    `Not used: ${labelOf(attempt)} is an RSA key of ${attempt.publicKey === undefined ? 0 : (rsaBits(attempt.publicKey) ?? 0)} bits, and at least ` +
    `${requiredRsaSize} are required (requiredRsaSize).`
  );
}

export function noteOnAgent({ socket, failure }: AskedAgent): string[] {
  if (socket === null) return ["No SSH agent is set (SSH_AUTH_SOCK)."];
  return failure === undefined ? [] : [`The SSH agent at ${visibleLine(socket)} cannot be used: ${failure}.`];
}

/** For a command that a person may copy. */
function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
