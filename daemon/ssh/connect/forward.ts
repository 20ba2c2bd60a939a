import type { Duplex } from "node:stream";
import type { Problem } from "../../../protocol/problem.ts";
import type { Hop } from "../../transport/remote.ts";
import { recordRoundTrip, openReceiveWindow, type WindowBudget } from "./receive-window.ts";
import type { SshConnection } from "./ssh-connection.ts";
import { protocolError, unreachable } from "../failure.ts";

/** RFC 4254, section 5.1. */
const administrativelyProhibited = 1;
const connectFailed = 2;

/** Opens a TCP connection from a bastion to `hop`. Rejects with a Problem that includes the bastion's reason. */
export function forward(bastion: SshConnection, hop: Hop, windows: WindowBudget): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (bastion.closeReason !== undefined) {
      reject(bastion.closeReason);
      return;
    }
    const since = performance.now();
    bastion.client.forwardOut("127.0.0.1", 0, hop.address, hop.port, (failure, channel) => {
      if (failure === undefined) {
        recordRoundTrip(bastion.client, performance.now() - since);
        channel.on("error", () => undefined);
        channel.stderr.on("error", () => undefined);
        bastion.pace(channel);
        // All data from the hop passes through this channel.
        openReceiveWindow(bastion.client, channel, windows);
        resolve(channel);
      } else {
        reject(bastion.closeReason ?? refusal(hop, failure));
      }
    });
  });
}

function refusal(hop: Hop, failure: Error): Problem {
  const reason = "reason" in failure ? failure.reason : undefined;
  if (reason === administrativelyProhibited) return unreachable(hop, "forwarding_refused", failure);
  if (reason === connectFailed) return unreachable(hop, "hop_could_not_connect", failure);
  return protocolError(hop, "could not be reached: the hop before it refused the connection.", failure);
}
