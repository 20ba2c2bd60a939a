import { formatHelp } from "../format.ts";
import { listing } from "../listing.ts";
import { table } from "../table.ts";

export const list = listing({
  help: `List the snippets.

Usage: hostrun snippets [list] [OPTION...]

${formatHelp}`,
  read: (daemon) => daemon.call("listSnippets"),
  none: "There are no snippets. `hostrun snippets add NAME -- COMMAND` keeps one.",
  text: (snippets) => {
    const rows = snippets.map(({ name, inputs, description, command }) => [
      name,
      inputs.map((input) => input.name).join(" "),
      description === "" ? command : description,
    ]);
    return table(["NAME", "INPUTS", "ABOUT"], rows);
  },
});
