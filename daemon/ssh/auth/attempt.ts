import { visibleLine } from "../../../protocol/visible.ts";
import { fingerprintOf } from "../host-keys/host-key.ts";

/** A key to log in with, its public part in SSH's wire form, and who signs with it. */
export type Attempt =
  | { readonly kind: "agent"; readonly socket: string; readonly publicKey: Buffer; readonly comment: string }
  | {
      readonly kind: "file";
      readonly path: string;
      /** undefined: encrypted with the rest. */
      readonly publicKey: Buffer | undefined;
      readonly encrypted: boolean;
    };

/** A message may name all of them. */
const maxCommentLength = 64;

/** As a person knows it. */
export function labelOf(attempt: Attempt): string {
  if (attempt.kind === "file") return visibleLine(attempt.path);
  const comment = visibleLine(attempt.comment, maxCommentLength);
  return `the agent's key ${comment === "" ? "" : `${comment} `}(${fingerprintOf(attempt.publicKey)})`;
}
