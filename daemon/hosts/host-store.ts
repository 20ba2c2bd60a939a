import type { UnplacedHost } from "./placed-host.ts";

/** A host in the store; hosts of the SSH config have no id. */
export type StoredHost = UnplacedHost & { id: number; createdAt: string; updatedAt: string };

/** The fields of a host that the caller sets. */
export type HostFields = Omit<StoredHost, "id" | "createdAt" | "updatedAt" | "damaged">;

/** What the use cases need of the host store. */
export interface HostStore {
  /** Sorted by name. */
  list(): Promise<StoredHost[]>;
  byId(id: number): StoredHost | undefined;
  byName(name: string): StoredHost | undefined;
  /** Throws `conflict` if the name is taken. */
  insert(fields: HostFields, at: string): StoredHost;
  /** Leaves other fields as they are, even damaged ones. Throws `conflict` if the name is taken, `host_unknown`. */
  update(id: number, fields: Partial<HostFields>, at: string): StoredHost;
  delete(id: number): void;
}
