import type { Host } from "../../protocol/host.ts";

/** A host that the store holds; only those of the SSH config have no id. */
export type StoredHost = Host & { id: number; createdAt: string; updatedAt: string };

/** The fields of a host that the store does not set itself. */
export type HostFields = Omit<StoredHost, "id" | "createdAt" | "updatedAt" | "damaged">;

/** What the use cases need of the store for hosts. */
export interface HostStore {
  /** By name. */
  list(): Promise<StoredHost[]>;
  byId(id: number): StoredHost | undefined;
  byName(name: string): StoredHost | undefined;
  /** `conflict` when the name is taken. */
  insert(fields: HostFields, at: string): StoredHost;
  /** Other fields stay as they are, also damaged ones. `conflict` when the name is taken, `host_unknown`. */
  update(id: number, fields: Partial<HostFields>, at: string): StoredHost;
  delete(id: number): void;
}
