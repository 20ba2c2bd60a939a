import { resolve } from "node:path";
import { readRegularFile, takeText } from "../../client/regular-file.ts";
import { formatCount } from "../../protocol/count.ts";
import { parseExport } from "../../protocol/host-export.ts";
import {
  type HostChange,
  type ImportRequest,
  type ImportResult,
  nameOfRow,
  requireImportable,
} from "../../protocol/host-import.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, refuseTogether, takeWords, UsageError } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatOptions, parseFormat, showOne } from "../format.ts";
import { hostTable } from "./describe.ts";

/** For an export as people may format it, with white space. */
const maxExportBytes = 16 * 2 ** 20;

export const importHosts: Command = {
  help: `Save the hosts of an SSH config file, or those that \`hostrun hosts export\` wrote.

Usage: hostrun hosts import [OPTION...]

  --path FILE  of this SSH config file instead of ~/.ssh/config
  --from FILE  of this export; - is standard input
  --name NAME  only this host; may be given several times
  --update     also change saved hosts that differ, which are left alone otherwise
  --dry-run    only show what is new, what would change, and what is the same
  --json       as JSON
`,
  optionNames: { names: "--name", path: "--path" },
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      path: { type: "string" },
      from: { type: "string" },
      name: { type: "string", multiple: true },
      update: { type: "boolean" },
      "dry-run": { type: "boolean" },
      json: formatOptions.json,
    });
    takeWords(positionals);
    const { path, from, name: names, update = false, "dry-run": dryRun = false } = values;
    refuseTogether(values, "path", "from");
    const source =
      from === undefined
        ? configured(path)
        : { source: "hosts" as const, hosts: await exported(from, names) };
    await using daemon = await reachDaemon();
    const body = { ...source, ...(names === undefined ? {} : { names }), update: update || dryRun, dryRun };
    const result = await daemon.call("importHosts", { body });
    showOne(parseFormat(values), result, () => importText(result, update));
    return 0;
  },
};

function configured(path: string | undefined): Pick<ImportRequest, "source" | "path"> {
  return { source: "ssh_config", ...(path === undefined ? {} : { path: resolve(path) }) };
}

/** The hosts of an export; only those in `names`, if given. */
async function exported(path: string, names: readonly string[] | undefined): Promise<unknown[]> {
  const isStdin = path === "-";
  const text = isStdin
    ? await takeText(process.stdin, "Standard input", maxExportBytes)
    : await readRegularFile(path, maxExportBytes);
  const source = isStdin ? "Standard input" : path;
  const hosts = parseExport(text);
  if (hosts === undefined) {
    throw new UsageError(
      `${source} is not what \`hostrun hosts export\` writes. For an SSH config file: --path.`,
    );
  }
  const wanted = hosts.filter((row) => names?.some((each) => each === nameOfRow(row)) ?? true);
  requireImportable(wanted, source);
  return wanted;
}

/** `willUpdate`: whether hosts that differ are updated; otherwise they would be only with --update. */
function importText({ imported, updated, same, skipped, dryRun }: ImportResult, willUpdate: boolean): string {
  const done = (count: number): string => (dryRun ? "would be" : count === 1 ? "was" : "were");
  const hint = dryRun && !willUpdate ? " with --update" : "";
  return [
    imported.length === 0 ? "" : hostTable(imported),
    ...updated.map(
      ({ host, changes }) =>
        `${dryRun ? "Would change" : "Changed"} ${visible(host.name)}: ${changes.map(changeWords).join(", ")}\n`,
    ),
    ...skipped.map(({ name, reason }) => `Skipped ${visible(name)}: ${visible(reason)}.\n`),
    `${formatCount(imported.length, "host")} ${done(imported.length)} imported.\n`,
    updated.length === 0
      ? ""
      : `${formatCount(updated.length, "host")} ${done(updated.length)} changed${hint}.\n`,
    same.length === 0 ? "" : `${formatCount(same.length, "host is", "hosts are")} the same.\n`,
  ].join("");
}

function changeWords({ field, from, to }: HostChange): string {
  return visible(`${field} ${valueWords(from)} → ${valueWords(to)}`);
}

function valueWords(value: HostChange["from"]): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return "(none)";
  return String(value);
}
