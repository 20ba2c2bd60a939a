import type { EffectiveValues, Host, NotHonoured } from "../../protocol/host.ts";
import type { Cell } from "../table.ts";

/** What the SSH config adds to a host's own fields: a row for each value that is not the default. */
export function configRows({ configAt, effective, notHonoured = [] }: Host): [string, Cell][] {
  return [
    ...(configAt === null ? [] : [row("SSH config", `${configAt.file}:${configAt.line}`)]),
    ...(effective === undefined ? [] : effectiveRows(effective)),
    ...notHonoured.map(notHonouredRow),
  ];
}

function effectiveRows(effective: EffectiveValues): [string, Cell][] {
  const { address, port, user, identityFiles, jump, proxyCommand, environment } = effective;
  const place = address.includes(":") ? `[${address}]` : address;
  return [
    row("Reached as", `${user}@${place}:${port}`),
    ...(identityFiles.length === 0 ? [] : [row("Keys", identityFiles.join(", "))]),
    ...(jump.length === 0 ? [] : [row("Through", jump.join(", "))]),
    ...(proxyCommand === null ? [] : [row("ProxyCommand", proxyCommand)]),
    ...(effective.hostKeyAlias === null ? [] : [row("Host key of", effective.hostKeyAlias)]),
    ...(environment.length === 0 ? [] : [row("Variables sent", environment.join(", "))]),
  ];
}

function notHonouredRow({ option, value, why, needed }: NotHonoured): [string, Cell] {
  const text = `${option} ${value}: ${why}`;
  return ["Not honoured", needed ? { text: `${text}. The host is refused`, style: "red" } : text];
}

function row(name: string, text: string): [string, Cell] {
  return [name, text];
}
