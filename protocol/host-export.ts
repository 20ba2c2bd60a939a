import * as z from "zod";
import { type Host, SavedHost } from "./host.ts";
import { ImportRow } from "./host-import.ts";

/** Hosts exported for another machine: saved ones, with every field that a person has set. It contains no secrets. */
export const HostExport = z.object({
  /** The format's version. */
  hostrun: z.literal(1),
  hosts: z.array(ImportRow),
});
export type HostExport = z.infer<typeof HostExport>;

/**
 * Exports the saved ones of `hosts`, without fields that have a new host's defaults, as JSON whose lines people can
 * read and compare.
 */
export function exportText(hosts: readonly Host[]): string {
  const saved = hosts.filter(({ id, damaged }) => id !== null && damaged === undefined);
  return `${JSON.stringify({ hostrun: 1, hosts: saved.map(essence) }, undefined, 2)}\n`;
}

const Exported = SavedHost.strip();

function essence(host: Host): object {
  const { name, address, port, ...others } = Exported.parse(host);
  const usual: Readonly<Record<string, unknown>> = Exported.parse({ name, address });
  const set = Object.entries(others).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(usual[field]),
  );
  return { name, address, port, ...Object.fromEntries(set) };
}

/** Returns the hosts of an export, not yet validated; undefined when the text is not an export. */
export function parseExport(text: string): unknown[] | undefined {
  try {
    return HostExport.safeParse(JSON.parse(text)).data?.hosts;
  } catch {
    return undefined;
  }
}
