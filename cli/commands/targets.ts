import type { Command } from "../command.ts";
import { parseOptions, UsageError } from "../command.ts";
import { warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";
import { withWholeIds } from "../jobs/find.ts";
import { unknownTarget } from "../../protocol/host-set.ts";
import { visible } from "../../protocol/visible.ts";

export const command: Command = {
  help: `Show which hosts targets match; nothing is run.

Usage: hostrun targets [OPTION...] TARGET...

TARGET is a host's name, a pattern (db*), a range (web[01-20]), tag:NAME, group:NAME, all,
or @failed:JOB, @succeeded:JOB, @unfinished:JOB of an earlier job (an
id of \`hostrun jobs\`, the beginning of one, or last); !TARGET takes away.

Prints one name per line. Exit status: 1 if a target matches no hosts; a warning says which.

${formatHelp}`,
  optionNames: { targets: "TARGET" },
  async run(args) {
    const { values, positionals } = parseOptions(args, formatOptions);
    if (positionals.length === 0) throw new UsageError("Name at least one target.");
    const format = parseFormat(values);
    await using daemon = await reachDaemon();
    const targets = await withWholeIds(daemon, positionals);
    const resolved = await daemon.call("resolveTargets", { body: { targets } });
    showOne(format, resolved, () => resolved.hosts.map((name) => `${visible(name)}\n`).join(""));
    for (const target of resolved.unknown) warn(`There is no host for ${unknownTarget(target)}.`);
    if (resolved.hosts.length === 0 && resolved.unknown.length === 0) warn("The targets match no hosts.");
    return resolved.unknown.length > 0 || resolved.hosts.length === 0 ? 1 : 0;
  },
};
