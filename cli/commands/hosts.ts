import { resolve } from "node:path";
import type { Host } from "../../protocol/host.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { print, printJson, warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { fieldOptions, parseAddress, parseCleared, parseFields } from "../hosts/fields.ts";
import { choose } from "../subcommands.ts";
import { sheet, table } from "../table.ts";

export const command: Command = {
  help: `List, add, change and import hosts.

Usage: hostrun hosts [list] [--q TEXT] [--json]
       hostrun hosts show NAME [--json]
       hostrun hosts add NAME [[USER@]ADDRESS[:PORT]] [FIELD...]
       hostrun hosts edit NAME [--rename NAME] [FIELD...] [--unset FIELD]...
       hostrun hosts remove NAME
       hostrun hosts import [--path FILE] [--dry-run] [--json]

Fields:
  --address ADDRESS  -p, --port PORT  -l, --user USER
  -i, --identity-file FILE   the private key, or its public half for a key in the agent
  -J, --jump HOP,...         through these hosts, each [user@]host[:port]
  --group PATH               where it stands in the tree, e.g. prod/web
  --tag TAG                  may be given several times
  --color COLOR              of its icon, e.g. charts.red or #ff8800
  --production, --no-production
  --login-shell, --no-login-shell
  --host-key-policy ask|acceptNew|strict

import takes over the hosts of ~/.ssh/config, or of FILE.
`,
  run: (args) => choose(args, { list, show, add, edit, remove, import: importHosts }),
};

async function list(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, { q: { type: "string" }, json: { type: "boolean" } });
  takeWords(positionals);
  await using daemon = await reachDaemon();
  const query = values.q === undefined ? {} : { q: values.q };
  const { items, problems } = await daemon.call("listHosts", { query });
  for (const { detail } of problems) warn(detail);
  if (values.json === true) printJson(items);
  else if (items.length === 0 && problems.length === 0) {
    warn("There are no hosts yet. Add one with `hostrun hosts add NAME ADDRESS`, or `hostrun hosts import`.");
  } else if (items.length > 0) print(table(["NAME", "ADDRESS", "GROUP", "TAGS", "SOURCE"], items.map(rowOf)));
  return 0;
}

async function show(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, { json: { type: "boolean" } });
  const [name] = takeWords(positionals, "NAME");
  await using daemon = await reachDaemon();
  printHost(await daemon.call("getHost", { params: { host: name } }), values.json);
  return 0;
}

async function add(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, fieldOptions);
  const [name, address] = takeWords(positionals, "NAME", "ADDRESS?");
  const fields = { ...(address === undefined ? {} : parseAddress(address)), ...parseFields(values) };
  const body = { ...fields, name, address: fields.address ?? name };
  await using daemon = await reachDaemon();
  const host = await daemon.call("createHost", { body });
  if (values.json === true) printJson(host);
  else print(`Added ${visible(host.name)}. Try: hostrun run ${visible(host.name)} -- uptime\n`);
  return 0;
}

async function edit(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, {
    ...fieldOptions,
    rename: { type: "string" },
    unset: { type: "string", multiple: true },
  });
  const [name] = takeWords(positionals, "NAME");
  const body = {
    ...parseFields(values),
    ...parseCleared(values.unset ?? []),
    ...(values.rename === undefined ? {} : { name: values.rename }),
  };
  if (Object.keys(body).length === 0) throw new UsageError("Nothing is to be changed.");
  await using daemon = await reachDaemon();
  printHost(await daemon.call("updateHost", { params: { host: name }, body }), values.json);
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const [name] = takeWords(parseOptions(args, {}).positionals, "NAME");
  await using daemon = await reachDaemon();
  await daemon.call("deleteHost", { params: { host: name } });
  print(`Removed ${visible(name)}. Its runs stay in the history.\n`);
  return 0;
}

async function importHosts(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, {
    path: { type: "string" },
    "dry-run": { type: "boolean" },
    json: { type: "boolean" },
  });
  takeWords(positionals);
  await using daemon = await reachDaemon();
  const result = await daemon.call("importHosts", {
    body: {
      source: "ssh_config",
      dryRun: values["dry-run"] ?? false,
      ...(values.path === undefined ? {} : { path: resolve(values.path) }),
    },
  });
  if (values.json === true) {
    printJson(result);
    return 0;
  }
  if (result.imported.length > 0)
    print(table(["NAME", "ADDRESS", "GROUP", "TAGS", "SOURCE"], result.imported.map(rowOf)));
  for (const { name, reason } of result.skipped)
    print(`${visible(name)} was left alone: ${visible(reason)}\n`);
  const count = result.imported.length;
  const verb = result.dryRun ? "would be imported" : count === 1 ? "was imported" : "were imported";
  print(`${count} ${count === 1 ? "host" : "hosts"} ${verb}.\n`);
  return 0;
}

function rowOf(host: Host): string[] {
  return [
    host.production ? `${host.name} (production)` : host.name,
    where(host),
    host.group ?? "",
    host.tags.join(", "),
    host.source === "manual" ? "Hostrun" : "SSH config",
  ];
}

function where({ user, address, port }: Host): string {
  const name = address.includes(":") ? `[${address}]` : address;
  return `${user === null ? "" : `${user}@`}${name}${port === 22 ? "" : `:${port}`}`;
}

function printHost(host: Host, json: boolean | undefined): void {
  if (json === true) {
    printJson(host);
    return;
  }
  print(
    sheet([
      ["Name", host.name],
      ["Address", where(host)],
      ["Identity file", host.identityFile ?? "(as the SSH config says)"],
      ["Jump", host.jump.length === 0 ? "(none)" : host.jump.join(", ")],
      ["Group", host.group ?? "(none)"],
      ["Tags", host.tags.length === 0 ? "(none)" : host.tags.join(", ")],
      ["Color", host.color ?? "(none)"],
      ["Production", host.production ? "yes" : "no"],
      ["Login shell", host.loginShell ? "yes" : "no"],
      ["Host key policy", host.hostKeyPolicy ?? "(as the setting hostKeyPolicy says)"],
      ["Source", host.source === "manual" ? "Hostrun" : "SSH config"],
      ["Id", host.id === null ? "(not imported)" : String(host.id)],
    ]),
  );
}
