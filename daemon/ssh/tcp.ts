import { connect, type Socket } from "node:net";
import type { Hop } from "../runs/remote.ts";
import { abortReason, unreachableBy } from "./failure.ts";

/**
 * A TCP connection with Nagle's algorithm off from the first byte. Addresses of both families are tried
 * (RFC 8305). Rejects with `host_unreachable`, or with the signal's reason.
 */
export function openSocket(hop: Hop, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { address, port } = hop;
    const socket = connect({ host: address, port, noDelay: true, autoSelectFamily: true });
    const abort = (): void => {
      socket.destroy();
      reject(abortReason(signal));
    };
    const fail = (failure: Error): void => {
      signal.removeEventListener("abort", abort);
      reject(unreachableBy(hop, failure));
    };
    signal.addEventListener("abort", abort, { once: true });
    // A socket without an error listener takes the process down: this one stays until another is there.
    socket.on("error", fail);
    socket.once("connect", () => {
      signal.removeEventListener("abort", abort);
      resolve(socket);
    });
  });
}
