import type { CommandGroup } from "../command.ts";
import { exportRuns } from "../history/export.ts";
import { forget } from "../history/forget.ts";
import { list } from "../history/list.ts";
import { note } from "../history/note.ts";
import { pin, unpin } from "../history/pin.ts";

export const command: CommandGroup = {
  help: `${list.help}
Other commands (\`hostrun history COMMAND --help\` shows more; \`history list pin\` looks for the word):

  pin, unpin RUN...   keep runs whatever the history's limits are, or no longer
  note RUN [TEXT]     show what is noted about a run, or note something
  export RUN...       runs with their output, as text, JSON or Markdown
  forget RUN...       runs and their output
`,
  listTakesWords: true,
  subcommands: { list, pin, unpin, note, export: exportRuns, forget },
};
