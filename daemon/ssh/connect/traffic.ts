import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { OutgoingQueue } from "./outgoing-queue.ts";
import { RequestBudget } from "./request-budget.ts";
import { isExchangingKeys, refuseGlobalRequest, watchMessages } from "../ssh2-internals.ts";
import { readString } from "../wire-string.ts";

/** RFC 4254, section 4. */
const globalRequest = 80;

/**
 * Limits what a server may request, and what it may leave unread; ssh2's client by itself responds to everything.
 * `violated` is called with what the server did, and must end the connection.
 */
export function limitTraffic(
  client: Client,
  socket: Duplex,
  violated: (what: string) => void,
): OutgoingQueue {
  const budget = new RequestBudget();
  watchMessages(client, (message) => {
    const type = message[0] ?? 0;
    if (!budget.take(type, message.length)) {
      violated("sends requests without end");
      return "stop";
    }
    if (type !== globalRequest) return "read";
    // ssh2 would check every host key that the server lists, and ask for proof of it.
    if (wantsReply(message)) refuseGlobalRequest(client);
    return "skip";
  });
  const queue = new OutgoingQueue(socket, {
    blocked: () => isExchangingKeys(client),
    sent: (bytes) => budget.earn(bytes),
    exceeded: () => violated("sends requests and does not take the answers"),
  });
  client.on("handshake", () => queue.flush());
  return queue;
}

/** The flag that follows the name of a global request. */
function wantsReply(message: Buffer): boolean {
  const name = readString(message, 1);
  return name !== undefined && message[name.end] === 1;
}
