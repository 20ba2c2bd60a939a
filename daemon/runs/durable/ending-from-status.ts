import type { OutputStream } from "../../../protocol/event.ts";
import type { Ending } from "../record/ending.ts";
import type { Target } from "../../transport/remote.ts";
import type { RemoteStatus } from "./remote-status.ts";
import { hostGone } from "./refusals.ts";

/** Whether every byte of a run that is over is here. */
export function isComplete(
  status: RemoteStatus | undefined,
  received: Readonly<Record<OutputStream, number>>,
): boolean {
  if (status?.state !== "ended" && status?.state !== "lost") return false;
  const { stdout, stderr } = status.sizes;
  return received.stdout >= stdout && received.stderr >= stderr;
}

/** How a run ended by the host's word (`ended` or `lost`); `received` tells how many bytes of each stream are here. */
export function endingFromStatus(
  { state, code, signal, sizes, hashes }: RemoteStatus,
  received: Readonly<Record<OutputStream, number>>,
  target: Target,
): Ending {
  // The host's hashes are of what is in its files now, which has to be what was received.
  const same = received.stdout === sizes.stdout && received.stderr === sizes.stderr;
  const sha256 = same ? hashes : undefined;
  if (state === "ended" && code !== undefined) return { outcome: "exited", exitCode: code, sha256 };
  if (state === "ended" && signal !== undefined) return { outcome: "signaled", signal, sha256 };
  return { outcome: "unknown", problem: hostGone(target, "died") };
}
