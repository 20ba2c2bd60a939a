import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { placesIn } from "../../client/places.ts";
import { visibleJson } from "../../protocol/visible.ts";
import { checkStateDirectory } from "../../state-directory/trusted-directory.ts";
import type { Command } from "../command.ts";
import { parseOptions, parseWhole, takeWords } from "../command.ts";
import { print, warn } from "../console.ts";
import { readable } from "../control/log-lines.ts";
import { LogReader } from "../control/log-reader.ts";

const defaultLines = 50;
const pollMs = 200;

export const command: Command = {
  help: `Show the daemon's log.

Usage: hostrun logs [-f] [-n N] [--json]

  -f, --follow   go on with what is written from now on
  -n, --lines N  begin with the last N lines (${defaultLines})
  --json         the lines as they are recorded, a JSON object each
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      follow: { type: "boolean", short: "f" },
      lines: { type: "string", short: "n" },
      json: { type: "boolean" },
    });
    takeWords(positionals);
    const count = values.lines === undefined ? defaultLines : parseWhole(values.lines, "--lines");
    const { directory, log: path } = placesIn();
    checkStateDirectory(directory);
    const show = (line: string): void =>
      print(`${values.json === true ? visibleJson(line) : readable(line)}\n`);
    using log = new LogReader(path);
    if (!log.exists && values.follow !== true) warn(`No log yet: ${path} does not exist.`);
    log.showEnd(count, { unfinished: values.follow !== true }, show);
    while (values.follow === true) {
      await wait(pollMs);
      log.showNew(show);
      if (process.stdout.writableNeedDrain) await once(process.stdout, "drain");
    }
    return 0;
  },
};
