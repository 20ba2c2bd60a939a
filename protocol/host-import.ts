import * as z from "zod";
import { Host, HostName } from "./host.ts";
import { Problem } from "./problem.ts";

const maxHosts = 100_000;

/** A host in the form of `NewHost`, or anything else: then only that row is skipped, with the reason. */
export const ImportRow = z.unknown();

/** The name of a row, if it has one. */
export function nameOfRow(row: unknown): string | undefined {
  const named = typeof row === "object" && row !== null && "name" in row ? row.name : undefined;
  return typeof named === "string" ? named : undefined;
}

/** The limit of `hosts`, which keeps a request with them within the maximum size (1 MiB). */
const maxRowsBytes = 1_000_000;

/** Throws `too_large` where these hosts do not fit into one request; `source` is what a person calls their origin. */
export function requireImportable(rows: readonly unknown[], source: string): void {
  if (new TextEncoder().encode(JSON.stringify(rows)).length <= maxRowsBytes) return;
  throw new Problem(
    "too_large",
    `${source} has ${rows.length} hosts, which is more than fits into one import (1 MiB). Import a part of them after the other.`,
  );
}

export const ImportRequest = z
  .strictObject({
    /** `hosts`: those in the request, e.g. of an export. */
    source: z.enum(["ssh_config", "hosts"]),
    /** Default: `~/.ssh/config`. */
    path: z
      .string()
      .min(1)
      .max(4096)
      .refine((text) => !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(text), "must not contain control characters")
      .optional(),
    hosts: z.array(ImportRow).max(maxHosts).optional(),
    /** Default: every host of the source. */
    names: z.array(HostName).max(maxHosts).optional(),
    /** Also updates saved hosts that differ; by default they are skipped. */
    update: z.boolean().default(false),
    /** Only reports what would be done. */
    dryRun: z.boolean().default(false),
  })
  .refine(({ source, hosts }) => (source === "hosts") === (hosts !== undefined), {
    path: ["hosts"],
    message: "must be given for the source hosts, and for no other",
  })
  .refine(({ source, path }) => source === "ssh_config" || path === undefined, {
    path: ["path"],
    message: "must be given for the source ssh_config alone",
  });
export type ImportRequest = z.infer<typeof ImportRequest>;

const Value = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);

/** A field of a saved host whose value differs in the source. */
export const HostChange = z.object({ field: z.string(), from: Value, to: Value });
export type HostChange = z.infer<typeof HostChange>;

export const ImportResult = z.object({
  imported: z.array(Host),
  /** Only with `update`: the updated hosts, and what has changed. */
  updated: z.array(z.object({ host: Host, changes: z.array(HostChange) })),
  /** Only with `update`: names of saved hosts that do not differ. */
  same: z.array(z.string()),
  /** What was left unchanged, and why, e.g. a name that exists already. */
  skipped: z.array(z.object({ name: z.string(), reason: z.string() })),
  dryRun: z.boolean(),
});
export type ImportResult = z.infer<typeof ImportResult>;
