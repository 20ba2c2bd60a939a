import type { Host } from "../../protocol/host.ts";
import { jumpLoop, jumpLoopMessage } from "../../protocol/jump-loop.ts";
import { refusedField } from "../../protocol/invalid-request.ts";
import type { HostStore } from "./host-store.ts";

/** Throws `invalid_request` if a host, as it would be saved, has jump hosts among the saved ones that form a loop. */
export function requireNoJumpLoop({ name, jump }: Pick<Host, "name" | "jump">, saved: HostStore): void {
  const loop = jumpLoop(name, jump, (other) => saved.byName(other)?.jump);
  if (loop === undefined) return;
  throw refusedField("jump", jumpLoopMessage(loop));
}
