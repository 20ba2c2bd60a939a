import type { CommandGroup } from "../command.ts";
import { install } from "../keys/install.ts";
import { list } from "../keys/list.ts";
import { make } from "../keys/make.ts";

export const command: CommandGroup = {
  help: `List and make SSH keys, and let them log in to hosts.

Usage: hostrun keys [list]
       hostrun keys make [NAME] [--type TYPE] [--comment TEXT] [--passphrase-stdin | --no-passphrase]
       hostrun keys install KEY HOST

KEY is a key's file, its fingerprint, its comment or its id.
`,
  subcommands: { list, make, install },
};
