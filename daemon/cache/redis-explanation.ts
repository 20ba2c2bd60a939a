import { Redis, type RedisOptions } from "ioredis";
import { visibleLine } from "../../protocol/visible.ts";
import { connectionReason } from "./connection-reason.ts";
import { whyForeign } from "./foreign-answer.ts";
import { masterNameOf, masterOf, type RedisServer, serversOf } from "./redis-client.ts";

const timeoutMs = 2000;
const maxShown = 2;

/** Why a server cannot be used, e.g. "refuses connections", or its answer. */
type Finding = { readonly why: string } | { readonly answer: unknown };

/**
 * Why `url` leads to no Redis that can be used: each of its servers is asked over a connection of its own, since the
 * errors of the client are for those who program with it. undefined if nothing is wrong with one of them.
 */
export async function explainAbsence(url: string, signal: AbortSignal): Promise<string | undefined> {
  const servers = serversOf(url);
  const found = await Promise.all(servers.map((server) => whyUnusable(url, server, signal)));
  const reasons = found.filter((why) => why !== undefined);
  if (reasons.length < servers.length) return undefined;
  const more = reasons.length > maxShown ? `, and ${reasons.length - maxShown} more` : "";
  return `${reasons.slice(0, maxShown).join("; ")}${more}`;
}

/** A sentence about `server`, or about the one that it names. */
async function whyUnusable(
  url: string,
  server: RedisServer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { kind, options } = server;
  const name = masterNameOf(url);
  const questions = {
    server: ["PING"],
    node: ["CLUSTER", "INFO"],
    sentinel: ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name],
  };
  const found = await ask(server, questions[kind], signal);
  const address = addressOf(options);
  if ("why" in found) return `${address} ${found.why}`;
  const { answer } = found;
  if (kind === "node" && !String(answer).includes("cluster_state:ok"))
    return `${address} reports that the cluster is down`;
  if (kind !== "sentinel") return undefined;
  if (!Array.isArray(answer)) return `${address} knows no master named ${name}`;
  const [host = "", port = ""] = answer.map(String);
  const why = await whyUnusable(url, masterOf(url, host, Number(port)), signal);
  return why === undefined ? undefined : `${why} (the master according to ${address})`;
}

async function ask(
  server: RedisServer,
  [command = "", ...args]: readonly string[],
  signal: AbortSignal,
): Promise<Finding> {
  const limits = { connectTimeout: timeoutMs, commandTimeout: timeoutMs };
  const once = { lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false };
  const redis = new Redis({ ...server.options, ...limits, ...once });
  let error: Error | undefined;
  let foreign: string | undefined;
  let hasEnded = false;
  redis.on("error", (failure: Error) => {
    error ??= failure;
  });
  redis.on("connect", () => {
    redis.stream.once("end", () => {
      hasEnded = true;
    });
    // The client's own error only says which byte it did not expect.
    redis.stream.prependOnceListener("data", (answer: Buffer) => {
      foreign = whyForeign(answer);
    });
  });
  const leave = (): void => redis.disconnect();
  signal.addEventListener("abort", leave);
  try {
    await redis.connect();
    return { answer: await redis.call(command, args) };
  } catch (failure) {
    error ??= failure instanceof Error ? failure : new Error(String(failure));
    return { why: visibleLine(foreign ?? connectionReason(error, server, hasEnded), 160) };
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}

function addressOf({ host = "127.0.0.1", port = 6379 }: Pick<RedisOptions, "host" | "port">): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
