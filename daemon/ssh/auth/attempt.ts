import { visibleLine } from "../../../protocol/visible.ts";
import { fingerprintOf } from "../host-keys/host-key.ts";

/** A key to log in with: its public part in SSH's wire form, and what signs with it. */
export type Attempt =
  | { readonly kind: "agent"; readonly socket: string; readonly publicKey: Buffer; readonly comment: string }
  | {
      readonly kind: "file";
      readonly path: string;
      /** undefined: the public part is encrypted as well. */
      readonly publicKey: Buffer | undefined;
      readonly encrypted: boolean;
    };

/** A message may list all of them. */
const maxCommentLength = 64;

/** For messages to people. */
export function labelOf(attempt: Attempt): string {
  if (attempt.kind === "file") return visibleLine(attempt.path);
  const comment = visibleLine(attempt.comment, maxCommentLength);
  return `the agent's key ${comment === "" ? "" : `${comment} `}(${fingerprintOf(attempt.publicKey)})`;
}
