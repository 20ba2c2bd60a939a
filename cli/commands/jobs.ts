import type { CommandGroup } from "../command.ts";
import { cancel } from "../jobs/cancel.ts";
import { list } from "../jobs/list.ts";
import { rerun } from "../jobs/rerun.ts";
import { groups } from "../jobs/show-groups.ts";
import { show } from "../jobs/show.ts";

export const command: CommandGroup = {
  help: `List, show, cancel and repeat jobs: commands on many hosts.

Usage: hostrun jobs [list] [-n N]
       hostrun jobs show JOB
       hostrun jobs groups JOB [--diff]
       hostrun jobs cancel JOB [--grace TIME]
       hostrun jobs rerun JOB [--only failed|unfinished|all]

JOB is an id, the beginning of one, or last. \`hostrun run\` starts one.
`,
  subcommands: { list, show, groups, cancel, rerun },
};
