import type { Command } from "../command.ts";
import { parseOptions, parseSpan, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { findJob } from "./find.ts";

export const cancel: Command = {
  help: `Cancel a job: the hosts that are running it and those that have not started.

Usage: hostrun jobs cancel JOB [--grace TIME]

JOB is an id of \`hostrun jobs\`, the beginning of one, or last. Each command gets SIGINT at
once, and is killed when it has not ended after the grace time (5s).
`,
  optionNames: { graceMs: "--grace" },
  async run(args) {
    const { values, positionals } = parseOptions(args, { grace: { type: "string" } });
    const [word] = takeWords(positionals, "JOB");
    const body = values.grace === undefined ? {} : { graceMs: parseSpan(values.grace, "--grace") };
    await using daemon = await reachDaemon();
    const { id, state, outcome } = await findJob(daemon, word);
    await daemon.call("cancelJob", { params: { job: id }, body });
    print(state === "ended" ? `${id} had ended before: ${outcome}.\n` : `${id} is being cancelled.\n`);
    return 0;
  },
};
