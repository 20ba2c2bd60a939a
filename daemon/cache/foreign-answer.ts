import { Redis } from "ioredis";
import { visibleLine } from "../../protocol/visible.ts";
import type { RedisClient } from "./redis-client.ts";

/** How a reply may begin: a status, an error, or a type with a length or a number. */
const reply = /^(?:[+-]|[*$:=%~>](?:[\d-]|$))/;
const maxShown = 40;

/**
 * Calls `report` for each connection with why it does not lead to Redis, once that shows, and with undefined before.
 * The client's own error only says which byte it did not expect. Nodes of a cluster are not watched.
 */
export function onForeignAnswer(redis: RedisClient, report: (why: string | undefined) => void): void {
  if (!(redis instanceof Redis)) return;
  redis.on("connect", () => {
    report(undefined);
    redis.stream.prependOnceListener("data", (answer: Buffer) => report(whyForeign(answer)));
  });
}

/** Why a server whose first answer begins like this is not Redis; undefined if it may be. */
export function whyForeign(answer: Buffer): string | undefined {
  const text = answer.toString("latin1", 0, 2 * maxShown);
  if (reply.test(text)) return undefined;
  const [line = ""] = text.split(/[\r\n]/, 1);
  return `The server is not Redis: its answer begins with "${visibleLine(line, maxShown)}"`;
}
