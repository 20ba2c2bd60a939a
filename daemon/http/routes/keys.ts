import type { Keys } from "../../keys/keys.ts";
import type { Resolved } from "../../hosts/resolution.ts";
import type { Prompts } from "../../prompts/prompts.ts";
import type { Handlers } from "../request-context.ts";

export interface KeyRoutesParts {
  readonly keys: Keys;
  readonly resolve: (host: string) => Promise<Resolved>;
  readonly prompts: Pick<Prompts, "questioner">;
  readonly connectTimeoutMs: () => number;
}

type KeyHandlers = Pick<Handlers, "listKeys" | "getKey" | "createKey" | "installKey">;

/** There is no run and no event stream. */
const asker = { runId: null, opened: () => undefined, closed: () => undefined };

export function keyRoutes({ keys, resolve, prompts, connectTimeoutMs }: KeyRoutesParts): KeyHandlers {
  return {
    listKeys: async ({ query }) => ({ items: await keys.list(query.agentSocket ?? null), nextCursor: null }),
    getKey: ({ params, query }) => keys.get(params.key, query.agentSocket ?? null),
    createKey: ({ body }) => keys.create(body),
    installKey: async ({ params, body, signal }) => {
      const { target } = await resolve(body.host);
      const options = {
        connectTimeoutMs: connectTimeoutMs(),
        agentSocket: body.agentSocket,
        questioner: body.prompts === "ask" ? prompts.questioner(asker) : undefined,
      };
      return keys.install(params.key, target, options, signal);
    },
  };
}
