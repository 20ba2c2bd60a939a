import type { Host } from "../../protocol/host.ts";
import type { Connection } from "../../protocol/stats.ts";
import type { Cell } from "../table.ts";
import { sheet, table } from "../table.ts";
import { configRows } from "./describe-config.ts";

/** A table of hosts for a person. */
export function hostTable(hosts: readonly Host[]): string {
  return table(["NAME", "ADDRESS", "GROUP", "TAGS", "SOURCE"], hosts.map(rowOf));
}

/** All fields of one host, for a person. */
export function hostSheet(host: Host): string {
  return sheet([
    ["Name", host.name],
    ["Address", addressOf(host)],
    ["Identity file", host.identityFile ?? "(from the SSH config)"],
    ["Jump host", host.jump.length === 0 ? "(none)" : host.jump.join(", ")],
    ["Group", host.group ?? "(none)"],
    ["Tags", host.tags.length === 0 ? "(none)" : host.tags.join(", ")],
    ["Color", host.color ?? "(none)"],
    ["Production", host.production ? { text: "yes", style: "red" } : "no"],
    ["Favorite", host.favorite ? "yes" : "no"],
    ["Login shell", host.loginShell ? "yes" : "no"],
    ["Host key policy", host.hostKeyPolicy ?? "(from the setting hostKeyPolicy)"],
    ["Transport", host.transport],
    ["Worker", host.worker],
    ...legacyNote(host),
    ["Source", sourceOf(host)],
    ...damage(host),
    ...configRows(host),
    ["Id", host.id === null ? "(not saved)" : String(host.id)],
  ]);
}

function rowOf(host: Host): Cell[] {
  const { production, favorite, damaged } = host;
  const name = `${favorite ? "★ " : ""}${host.name}${damaged === undefined ? "" : ` (damaged, id ${host.id})`}`;
  return [
    production ? { text: `${name} (production)`, style: "red" } : name,
    addressOf(host),
    host.group ?? "",
    host.tags.join(", "),
    // A host that would be imported is neither saved nor in the present SSH config.
    host.source === "manual" ? "Hostrun" : "SSH config",
  ];
}

function legacyNote({ legacyAlgorithms }: Host): [string, Cell][] {
  return legacyAlgorithms ? [["Algorithms", { text: "legacy ones allowed", style: "red" }]] : [];
}

/** The negotiated parameters of the pool's connections to a host, one after the other. */
export function connectionSheets(connections: readonly Connection[]): string {
  return connections.map(connectionSheet).join("\n");
}

function connectionSheet(connection: Connection): string {
  const { state, server, transport, transportReason, kex, cipher, mac } = connection;
  const { hostKeyType, hostKeyFingerprint } = connection;
  return sheet([
    ["Connection", `${state}${connection.jump.length === 0 ? "" : `, by ${connection.jump.join(", ")}`}`],
    ["Server", server ?? ""],
    ["Transport", transportReason === null ? transport : `${transport}: ${transportReason}`],
    ["Key exchange", kex ?? ""],
    ["Cipher", cipher ?? ""],
    ["MAC", mac === "" ? "(the cipher's own)" : (mac ?? "")],
    ["Host key", `${hostKeyType ?? ""} ${hostKeyFingerprint ?? ""}`],
  ]);
}

function damage({ damaged }: Host): [string, string][] {
  return damaged === undefined ? [] : [["Damaged", `cannot be read: ${damaged.join(", ")}`]];
}

function sourceOf({ id, source, configAt }: Host): string {
  if (source === "manual") return "Hostrun";
  return id === null && configAt === null ? "(not saved, and not named in the SSH config)" : "SSH config";
}

function addressOf({ user, address, port }: Host): string {
  const name = address.includes(":") ? `[${address}]` : address;
  return `${user === null ? "" : `${user}@`}${name}${port === 22 ? "" : `:${port}`}`;
}
