import { formatCount } from "../../protocol/count.ts";
import type { Run } from "../../protocol/run.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, UsageError } from "../command.ts";
import { print, warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { askOnTerminal, yesOrNo } from "../prompts/terminal-question.ts";
import { chosenOptions, readChoice } from "./chosen-runs.ts";
import { searchHelp } from "./filters.ts";

export const forget: Command = {
  help: `Forget ended runs and their output.

Usage: hostrun history forget RUN... [OPTION...]
       hostrun history forget --matching SEARCH [OPTION...]

RUN is an id of \`hostrun history\`, the beginning of one, or last. Pinned runs are kept.
${searchHelp}
  --matching SEARCH   all that the search finds; "" are all
  --include-pinned    pinned ones, too
  --yes               without a question
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      ...chosenOptions,
      "include-pinned": { type: "boolean" },
      yes: { type: "boolean" },
    });
    const choice = readChoice(positionals, values.matching);
    await using daemon = await reachDaemon();
    const found = await gather(choice(daemon), values["include-pinned"] === true);
    if (found.alive > 0) warn(`${formatCount(found.alive, "run")} under way: cancel first.`);
    if (found.pinned > 0)
      warn(`${formatCount(found.pinned, "run")} pinned: kept. --include-pinned forgets such runs, too.`);
    if (found.ids.length === 0) {
      warn("There is nothing to forget.");
      return positionals.length > 0 ? 1 : 0;
    }
    if (values.yes !== true && !(await isAgreed(found))) return 1;
    for (const run of found.ids) await daemon.call("deleteRun", { params: { run } });
    print(`Forgot ${formatCount(found.ids.length, "run")}.\n`);
    return 0;
  },
};

const maxShown = 10;

interface Found {
  readonly ids: readonly string[];
  /** The first ones, to be shown in the question. */
  readonly shown: readonly Run[];
  /** The number that are left out because they have not ended, or are pinned. */
  readonly alive: number;
  readonly pinned: number;
}

/** Keeps only the ids in memory, since the history may be long. */
async function gather(runs: AsyncIterable<Run>, alsoPinned: boolean): Promise<Found> {
  const found = { ids: new Array<string>(), shown: new Array<Run>(), alive: 0, pinned: 0 };
  for await (const run of runs) {
    if (run.state !== "ended") found.alive += 1;
    else if (run.pinned && !alsoPinned) found.pinned += 1;
    else {
      found.ids.push(run.id);
      if (found.shown.length < maxShown) found.shown.push(run);
    }
  }
  return found;
}

async function isAgreed({ ids, shown }: Found): Promise<boolean> {
  const lines = shown.map(({ host, command }) => `  ${visible(host.name)}: ${visible(command)}\n`);
  const more = ids.length > shown.length ? `  and ${ids.length - shown.length} more\n` : "";
  const answer = await askOnTerminal({
    question: `${lines.join("")}${more}Forget ${formatCount(ids.length, "run")} and the output? [yes/no] `,
    again: "Please type yes or no: ",
    judge: yesOrNo,
  });
  if (answer === undefined)
    throw new UsageError(
      "Cannot ask for confirmation without a terminal; use --yes to forget without being asked.",
    );
  if (!answer) warn("Nothing was forgotten.");
  return answer;
}
