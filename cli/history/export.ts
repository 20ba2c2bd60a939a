import { exportedRuns, runExportFormats } from "../../client/exported-runs.ts";
import { visibleJson } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, UsageError } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { writeNew } from "../new-file.ts";
import { LineSink } from "../line-sink.ts";
import { Sink } from "../run/sink.ts";
import { chosenOptions, readChoice } from "./chosen-runs.ts";
import { searchHelp } from "./filters.ts";

export const exportRuns: Command = {
  help: `Write runs with their output, to be kept or sent to somebody.

Usage: hostrun history export RUN... [OPTION...]
       hostrun history export --matching SEARCH [OPTION...]

RUN is an id of \`hostrun history\`, the beginning of one, or last.
${searchHelp}
  --matching SEARCH  all that the search finds
  --format FORMAT    ${runExportFormats.join(", ")} (text)
  -o, --output FILE  to this file, which must not be there yet, instead of standard output (-)
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      ...chosenOptions,
      format: { type: "string" },
      output: { type: "string", short: "o" },
    });
    const format = runExportFormats.find((name) => name === (values.format ?? "text"));
    if (format === undefined) {
      throw new UsageError(
        `--format is "${values.format}", but must be one of: ${runExportFormats.join(", ")}.`,
      );
    }
    const choice = readChoice(positionals, values.matching);
    await using daemon = await reachDaemon();
    const pieces = exportedRuns(daemon, choice(daemon), format);
    if (values.output !== undefined && values.output !== "-") await writeNew(values.output, pieces);
    else {
      const sink = new LineSink(new Sink("stdout"), process.stdout.isTTY);
      for await (const piece of pieces)
        await sink.write(format === "json" ? visibleJson(String(piece)) : piece);
      await sink.end();
    }
    return 0;
  },
};
