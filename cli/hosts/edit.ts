import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";
import { hostSheet } from "./describe.ts";
import { clearableFields, fieldHelp, fieldNames, fieldOptions, parseCleared, parseFields } from "./fields.ts";

export const edit: Command = {
  help: `Change a host. Of one that is only in ~/.ssh/config, this sets what that has no
option for: group, tags, color, production, favorite, login shell, transport and legacy
algorithms.

Usage: hostrun hosts edit NAME [OPTION...]

  --rename NAME              give it this name
  --unset FIELD              empty a field; may be given several times:
                             ${clearableFields.join(", ")}
${fieldHelp}${formatHelp}`,
  optionNames: { ...fieldNames, name: "--rename" },
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      ...fieldOptions,
      ...formatOptions,
      rename: { type: "string" },
      unset: { type: "string", multiple: true },
    });
    const [name] = takeWords(positionals, "NAME");
    const format = parseFormat(values);
    const fields = parseFields(values);
    const cleared = parseCleared(values.unset ?? []);
    const both = (values.unset ?? []).find((field) => Object.hasOwn(values, field));
    if (both !== undefined) throw new UsageError(`--${both} and --unset ${both} cannot be used together.`);
    const body = {
      ...fields,
      ...cleared,
      ...(values.rename === undefined ? {} : { name: values.rename }),
    };
    if (Object.keys(body).length === 0) throw new UsageError("Nothing to change: give an option.");
    await using daemon = await reachDaemon();
    const host = await daemon.call("updateHost", { params: { host: name }, body });
    showOne(format, host, () => hostSheet(host));
    return 0;
  },
};
