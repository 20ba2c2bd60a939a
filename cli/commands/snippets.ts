import type { CommandGroup } from "../command.ts";
import { add } from "../snippets/add.ts";
import { edit } from "../snippets/edit.ts";
import { list } from "../snippets/list.ts";
import { remove } from "../snippets/remove.ts";
import { show } from "../snippets/show.ts";

export const command: CommandGroup = {
  help: `Manage saved commands, which can have inputs.

Usage: hostrun snippets [list]
       hostrun snippets show NAME
       hostrun snippets add NAME [OPTION...] -- COMMAND...
       hostrun snippets edit NAME [OPTION...] [-- COMMAND...]
       hostrun snippets remove NAME

They are run by \`hostrun run --snippet NAME [--set INPUT=VALUE]... TARGET...\`.
`,
  subcommands: { list, show, add, edit, remove },
};
