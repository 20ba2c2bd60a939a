import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { testHost } from "../hosts/test-host.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";
import { agentQuery, findKey } from "./find.ts";

export const install: Command = {
  help: `Let a key log in to a host, as ssh-copy-id does.

Usage: hostrun keys install KEY HOST [OPTION...]

KEY is a key's file, its fingerprint, its comment or its id. Its public part is added to ~/.ssh/authorized_keys
there, unless it is there already.

${formatHelp}`,
  async run(args) {
    const { values, positionals } = parseOptions(args, formatOptions);
    const [text, host] = takeWords(positionals, "KEY", "HOST");
    const format = parseFormat(values);
    await using daemon = await reachDaemon();
    const query = agentQuery();
    const key = findKey((await daemon.call("listKeys", { query })).items, text);
    // Any prompts of the login are put to the person at the terminal; the next request uses the same connection.
    if (hasTerminal()) await testHost(daemon, host, {});
    const done = await daemon.call("installKey", { params: { key: key.id }, body: { host, ...query } });
    showOne(format, done, () =>
      done.added
        ? `${visible(done.fingerprint)} can log in as ${visible(done.login)} now.\n`
        : `${visible(done.fingerprint)} was there already: it can log in as ${visible(done.login)}.\n`,
    );
    return 0;
  },
};
