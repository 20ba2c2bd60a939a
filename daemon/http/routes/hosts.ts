import type { HostDirectory } from "../../hosts/directory.ts";
import type { EarlyConnections } from "../../hosts/early-connections.ts";
import { type HostTestParts, testHost } from "../../hosts/host-test.ts";
import type { ProductionHosts } from "../../hosts/production-hosts.ts";
import type { Resolved } from "../../hosts/resolution.ts";
import type { Prompts } from "../../prompts/prompts.ts";
import type { SecretMemory } from "../../transport/secret-memory.ts";
import { refuseProduction } from "../production-refusal.ts";
import type { Handlers } from "../request-context.ts";

export interface HostRoutesParts extends HostTestParts {
  readonly hosts: HostDirectory;
  readonly resolve: (host: string | number) => Promise<Resolved>;
  readonly early: Pick<EarlyConnections, "open">;
  readonly production: Pick<ProductionHosts, "isProduction">;
  readonly secrets: SecretMemory;
  readonly prompts: Pick<Prompts, "questioner">;
}

type HostHandlers = Pick<
  Handlers,
  | "listHosts"
  | "createHost"
  | "importHosts"
  | "getHost"
  | "updateHost"
  | "deleteHost"
  | "connectHost"
  | "testHost"
  | "keepSecrets"
  | "forgetSecrets"
>;

/** Asks for a host test: there is no run and no event stream. */
const tester = { runId: null, opened: () => undefined, closed: () => undefined };

export function hostRoutes(parts: HostRoutesParts): HostHandlers {
  const { hosts, resolve, early, production, secrets, prompts } = parts;
  return {
    listHosts: async ({ query }) => ({ ...(await hosts.list(query.q)), nextCursor: null }),
    createHost: ({ body }) => hosts.create(body),
    importHosts: ({ body }) => hosts.import(body),
    getHost: ({ params }) => hosts.get(params.host),
    updateHost: ({ params, body }) => hosts.update(params.host, body),
    deleteHost: async ({ params }) => {
      await hosts.delete(params.host);
      return undefined;
    },
    keepSecrets: async ({ params, body }) => {
      const { target } = await resolve(await hosts.reference(params.host));
      secrets.offer(target, body);
      return undefined;
    },
    forgetSecrets: async ({ params }) => {
      secrets.forget(await hosts.nameOf(params.host));
      return undefined;
    },
    connectHost: async ({ params, body, signal }) => {
      const host = await hosts.reference(params.host);
      if (body.production === "refuse") {
        await refuseProduction(
          production,
          host,
          "Repeat the request with production: allow to connect to it.",
        );
      }
      return early.open(await resolve(host), body, signal);
    },
    testHost: async ({ params, body, signal }) => {
      const resolved = await resolve(await hosts.reference(params.host));
      const questioner = body.prompts === "ask" ? prompts.questioner({ ...tester }) : undefined;
      const { target } = resolved;
      try {
        const found = await testHost(parts, resolved, { ...body, questioner }, signal);
        return { ...found, offeredSecret: secrets.settleOffer(target) };
      } catch (failure) {
        secrets.settleOffer(target);
        throw failure;
      }
    },
  };
}
