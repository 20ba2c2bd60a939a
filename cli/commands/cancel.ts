import { outcomeText } from "../../protocol/outcome-text.ts";
import type { Command } from "../command.ts";
import { parseOptions, parseSpan, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { findRun } from "../runs/find.ts";

export const command: Command = {
  help: `Cancel a run.

Usage: hostrun cancel RUN [--grace TIME]

RUN is an id of \`hostrun history\`, the beginning of one, or last. The command gets SIGINT
at once, and is killed when it has not ended after the grace time (5s).
`,
  optionNames: { graceMs: "--grace" },
  async run(args) {
    const { values, positionals } = parseOptions(args, { grace: { type: "string" } });
    const [word] = takeWords(positionals, "RUN");
    const body = values.grace === undefined ? {} : { graceMs: parseSpan(values.grace, "--grace") };
    await using daemon = await reachDaemon();
    const { id, state } = await findRun(daemon, word);
    const run = await daemon.call("cancelRun", { params: { run: id }, body });
    print(
      state === "ended" ? `${id} had ended before: ${outcomeText(run)}.\n` : `${id} is being cancelled.\n`,
    );
    return 0;
  },
};
