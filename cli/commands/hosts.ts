import type { CommandGroup } from "../command.ts";
import { add } from "../hosts/add.ts";
import { edit } from "../hosts/edit.ts";
import { exportHosts } from "../hosts/export.ts";
import { importHosts } from "../hosts/import.ts";
import { list } from "../hosts/list.ts";
import { login } from "../hosts/login.ts";
import { remove } from "../hosts/remove.ts";
import { show } from "../hosts/show.ts";
import { test } from "../hosts/test.ts";

export const command: CommandGroup = {
  help: `List, add, change, test, import and export hosts.

Usage: hostrun hosts [list] [--search TEXT]
       hostrun hosts show NAME
       hostrun hosts add NAME [[USER@]ADDRESS[:PORT]] [FIELD...]
       hostrun hosts edit NAME [--rename NAME] [FIELD...] [--unset FIELD]...
       hostrun hosts remove NAME
       hostrun hosts test NAME
       hostrun hosts login NAME [--password-stdin]
       hostrun hosts import [--path FILE | --from FILE] [--update] [--dry-run]
       hostrun hosts export [NAME...] [--output FILE]

ls is short for list, rm for remove. \`hostrun hosts add --help\` lists the fields.
`,
  subcommands: { list, show, add, edit, remove, test, login, import: importHosts, export: exportHosts },
};
