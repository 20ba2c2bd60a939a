import * as z from "zod";
import { type Host, SavedHost } from "./host.ts";
import { ImportRow } from "./host-import.ts";

/** What is written of hosts for another machine: saved ones, with all that a person has set. There is no secret in it. */
export const HostExport = z.object({
  /** The format's version. */
  hostrun: z.literal(1),
  hosts: z.array(ImportRow),
});
export type HostExport = z.infer<typeof HostExport>;

/** The saved ones of `hosts`, without what is as for any new host, as JSON of which people can read and compare lines. */
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

/** The hosts of an export, each of which may be none; undefined: the text is no export. */
export function parseExport(text: string): unknown[] | undefined {
  try {
    return HostExport.safeParse(JSON.parse(text)).data?.hosts;
  } catch {
    return undefined;
  }
}
