import type { KnownHost } from "../../../protocol/known-host.ts";
import { Problem } from "../../../protocol/problem.ts";
import type { Connection } from "../../../protocol/stats.ts";
import { visibleLine } from "../../../protocol/visible.ts";
import type { Handlers } from "../request-context.ts";

/** What the routes need of the connection pool. */
export interface Connections {
  list(): readonly Connection[];
  /** Returns false if there is no such connection. */
  close(id: string): boolean;
}

/** What the routes need of the daemon's own known_hosts. */
export interface KnownHostsFile {
  list(): Promise<readonly KnownHost[]>;
  /** `key` is the public key in SSH's wire format. */
  add(address: string, port: number, key: Buffer): Promise<KnownHost>;
  /** Returns the number of entries removed; without a port, those of every port. */
  remove(address: string, port: number | undefined): number;
}

const maxPlaces = 5;

type ConnectionHandlers = Pick<
  Handlers,
  | "listConnections"
  | "closeConnection"
  | "listKnownHosts"
  | "getKnownHost"
  | "addKnownHost"
  | "deleteKnownHosts"
>;

export function connectionRoutes(connections: Connections, knownHosts: KnownHostsFile): ConnectionHandlers {
  return {
    listConnections: () => ({ items: [...connections.list()], nextCursor: null }),
    closeConnection: ({ params }) => {
      if (connections.close(params.connection)) return undefined;
      throw new Problem(
        "not_found",
        `No connection ${visibleLine(params.connection)}. It may have been closed.`,
      );
    },
    listKnownHosts: async () => ({ items: [...(await knownHosts.list())], nextCursor: null }),
    getKnownHost: async ({ params }) => {
      const found = (await knownHosts.list()).find(({ id }) => id === params.key);
      if (found !== undefined) return found;
      throw new Problem(
        "not_found",
        `No known_hosts file has an entry with the id ${visibleLine(params.key)}. It may have been removed.`,
      );
    },
    addKnownHost: ({ body }) => knownHosts.add(body.address, body.port, Buffer.from(body.key, "base64")),
    deleteKnownHosts: async ({ query }) => {
      if (knownHosts.remove(query.address, query.port) > 0) return undefined;
      const elsewhere = (await knownHosts.list()).filter(
        ({ address, port, readOnly }) =>
          readOnly && address === query.address.toLowerCase() && port === (query.port ?? port),
      );
      const places = elsewhere.slice(0, maxPlaces).map(({ file, line }) => `${file}:${line}`);
      const where = query.port === undefined ? query.address : `[${query.address}]:${query.port}`;
      throw new Problem(
        "not_found",
        `Hostrun has recorded no key itself for ${visibleLine(where)}` +
          (places.length === 0
            ? ", and no other known_hosts file names it alone."
            : `; ${places.join(", ")} has one, in a file that Hostrun leaves as it is. ssh-keygen -R removes it there.`),
      );
    },
  };
}
