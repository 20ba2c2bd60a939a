import type { OutputStream } from "../../../protocol/event.ts";
import type { Ending } from "../record/ending.ts";
import type { Target } from "../../transport/remote.ts";
import type { RemoteStatus } from "./remote-status.ts";
import { hostGone } from "./refusals.ts";

/** Whether a run is over and all of its bytes have been received. */
export function isComplete(
  status: RemoteStatus | undefined,
  received: Readonly<Record<OutputStream, number>>,
): boolean {
  if (status?.state !== "ended" && status?.state !== "lost") return false;
  const { stdout, stderr } = status.sizes;
  return received.stdout >= stdout && received.stderr >= stderr;
}

/**
 * How a run ended according to the host's status (`ended` or `lost`); `received` is the number of bytes received of
 * each stream.
 */
export function endingFromStatus(
  { state, code, signal, sizes, hashes }: RemoteStatus,
  received: Readonly<Record<OutputStream, number>>,
  target: Target,
): Ending {
  // The host hashes what its files hold now, which must be what was received.
  const same = received.stdout === sizes.stdout && received.stderr === sizes.stderr;
  const sha256 = same ? hashes : undefined;
  if (state === "ended" && code !== undefined) return { outcome: "exited", exitCode: code, sha256 };
  if (state === "ended" && signal !== undefined) return { outcome: "signaled", signal, sha256 };
  return { outcome: "unknown", problem: hostGone(target, "died") };
}
