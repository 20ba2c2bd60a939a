import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { findRun } from "../runs/find.ts";

export const note: Command = {
  help: `Show or set the note of a run: one line, which a search of the history finds, too.

Usage: hostrun history note RUN [TEXT]
       hostrun history note RUN --clear

RUN is an id of \`hostrun history\`, the beginning of one, or last.

  --clear  remove the note
`,
  optionNames: { note: "TEXT" },
  async run(args) {
    const { values, positionals } = parseOptions(args, { clear: { type: "boolean" } });
    const [word, text] = takeWords(positionals, "RUN", "TEXT?");
    if (text !== undefined && values.clear === true)
      throw new UsageError("--clear and TEXT cannot be used together.");
    if (text?.trim() === "") throw new UsageError("TEXT is empty; use --clear to remove the note.");
    await using daemon = await reachDaemon();
    const { id, note: present } = await findRun(daemon, word);
    if (text === undefined && values.clear !== true) {
      if (present !== null) print(`${visible(present)}\n`);
      return 0;
    }
    const { note: noted } = await daemon.call("updateRun", {
      params: { run: id },
      body: { note: text ?? null },
    });
    print(noted === null ? `The note of ${id} was removed.\n` : `${id}: ${visible(noted)}\n`);
    return 0;
  },
};
