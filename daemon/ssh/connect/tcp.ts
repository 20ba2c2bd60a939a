import { lookup, type LookupAddress } from "node:dns";
import type { Socket } from "node:net";
import type { Hop } from "../../transport/remote.ts";
import { ConnectionRace } from "./connection-race.ts";
import { connectSharing } from "./shared-reading.ts";
import { abortReason, listAttempts, unreachable, unreachableAt } from "../failure.ts";

/** If a name has more addresses, only the first ones are tried. */
const maxAddresses = 16;
const families = { any: 0, inet: 4, inet6: 6 } as const;

/**
 * Opens a TCP connection with Nagle's algorithm off from the first byte, to the address of the host that connects first
 * (RFC 8305). `onAttempts` is called with the attempts whenever they change. Rejects with `host_unreachable` or the
 * signal's reason; only the signal ends attempts that get no response.
 */
export function openSocket(
  hop: Hop,
  signal: AbortSignal,
  onAttempts: (attempts: string) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let race: ConnectionRace | undefined;
    const abort = (): void => {
      race?.giveUp();
      reject(abortReason(signal));
    };
    const settle = (end: () => void): void => {
      signal.removeEventListener("abort", abort);
      end();
    };
    signal.addEventListener("abort", abort, { once: true });
    const { addressFamily, bindAddress } = hop.settings;
    const from = bindAddress === null ? {} : { localAddress: bindAddress };
    const family = families[addressFamily];
    lookup(hop.address, { all: true, order: "verbatim", family }, (failure, addresses) => {
      if (signal.aborted) return;
      // For a literal address, lookup returns that address whatever its family.
      const found = (addresses ?? []).filter((each) => family === 0 || each.family === family);
      if (failure !== null || found.length === 0) {
        settle(() => reject(unreachable(hop, "name_not_found", failure)));
        return;
      }
      const connecting = new ConnectionRace({
        addresses: interleave(found).slice(0, maxAddresses),
        connect: (host) => connectSharing({ host, port: hop.port, noDelay: true, ...from }),
        changed: (attempts) => onAttempts(listAttempts(attempts)),
      });
      race = connecting;
      connecting.run().then(
        (socket) => settle(() => (signal.aborted ? socket.destroy() : resolve(socket))),
        () => settle(() => reject(unreachableAt(hop, connecting.attempts))),
      );
    });
  });
}

/** The system's order, except that the families alternate (RFC 8305, section 4); each address once. */
export function interleave(found: readonly LookupAddress[]): string[] {
  const [first = [], second = []] = [true, false].map((isFirst) =>
    found.filter(({ family }) => (family === found[0]?.family) === isFirst),
  );
  const pairs = Array.from({ length: Math.max(first.length, second.length) }, (_, place) => [
    first[place],
    second[place],
  ]);
  return [...new Set(pairs.flat().flatMap((entry) => entry?.address ?? []))];
}
