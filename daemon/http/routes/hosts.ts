import type { HostDirectory } from "../../hosts/directory.ts";
import type { Resolved } from "../../hosts/resolution.ts";
import type { Prompts } from "../../prompts/prompts.ts";
import type { SecretMemory } from "../../transport/secret-memory.ts";
import type { Remote } from "../../transport/remote.ts";
import type { Handlers } from "../request-context.ts";

export interface HostRoutesParts {
  readonly hosts: HostDirectory;
  readonly resolve: (host: string | number) => Promise<Resolved>;
  readonly remote: Remote;
  readonly secrets: SecretMemory;
  readonly prompts: Pick<Prompts, "questioner">;
  readonly connectTimeoutMs: () => number;
}

type HostHandlers = Pick<
  Handlers,
  | "listHosts"
  | "createHost"
  | "importHosts"
  | "getHost"
  | "updateHost"
  | "deleteHost"
  | "testHost"
  | "keepSecrets"
  | "forgetSecrets"
>;

/** Who asks for a test of a host: no run, and nobody who follows an event stream of it. */
const tester = { runId: null, opened: () => undefined, closed: () => undefined };

export function hostRoutes(parts: HostRoutesParts): HostHandlers {
  const { hosts, resolve, remote, secrets, prompts, connectTimeoutMs } = parts;
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
      const { target } = await resolve(hosts.reference(params.host));
      if (body.password !== undefined) secrets.keepPassword(target, body.password);
      if (body.passphrase !== undefined) secrets.keepPassphrase(target, undefined, body.passphrase);
      return undefined;
    },
    forgetSecrets: async ({ params }) => {
      const { target } = await resolve(hosts.reference(params.host));
      secrets.forget(target.name);
      return undefined;
    },
    testHost: async ({ params, body, left }) => {
      const { target, session } = await resolve(hosts.reference(params.host));
      const options = {
        connectTimeoutMs: body.connectTimeoutMs ?? session.connectTimeoutMs ?? connectTimeoutMs(),
        agentSocket: body.agentSocket,
        questioner: body.prompts === "ask" ? prompts.questioner({ ...tester }) : undefined,
      };
      const { connection, reused, connectMs, hostKey } = await remote.probe(target, options, left);
      const { server, cipher } = connection;
      return {
        ok: true,
        host: target.name,
        reusedConnection: reused,
        connectMs: Math.round(connectMs),
        server: server ?? "",
        cipher: cipher ?? "",
        hostKey,
      };
    },
  };
}
