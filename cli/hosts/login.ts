import { text } from "node:stream/consumers";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import { testHost } from "./test-host.ts";

export const login: Command = {
  help: `Log in to a host, and keep its password and passphrases for later runs.

Usage: hostrun hosts login NAME
       hostrun hosts login NAME --password-stdin | --passphrase-stdin
       hostrun hosts login NAME --forget

What the host asks for is asked here. The daemon keeps it in its memory, and nowhere else,
until it ends or the host's connection settings change. One-time codes are not kept.

  --password-stdin    take the first line of standard input as the password
  --passphrase-stdin  take it as the passphrase of the host's key files
  --forget            forget what is kept for the host

Exit status: 0 when the login worked, 1 when it did not.
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      "password-stdin": { type: "boolean" },
      "passphrase-stdin": { type: "boolean" },
      forget: { type: "boolean" },
    });
    const [name] = takeWords(positionals, "NAME");
    const given = Object.keys(values);
    if (given.length > 1) throw new UsageError(`--${given.join(" and --")} cannot be had together.`);
    const params = { host: name };
    await using daemon = await reachDaemon();
    if (values.forget === true) {
      await daemon.call("forgetSecrets", { params });
      print(`Forgot what was kept for ${visible(name)}.\n`);
      return 0;
    }
    if (given.length === 0 && !hasTerminal()) {
      throw new UsageError("There is no terminal to ask on. Give the password by --password-stdin.");
    }
    if (given.length > 0) {
      const secret = (await text(process.stdin)).split(/\r?\n/, 1)[0] ?? "";
      if (secret === "") throw new UsageError(`Standard input has no first line for --${given.join("")}.`);
      const body = values["password-stdin"] === true ? { password: secret } : { passphrase: secret };
      await daemon.call("keepSecrets", { params, body });
    }
    const { host } = await testHost(daemon, name, { remember: "session" });
    print(`Logged in to ${visible(host)}.\n`);
    return 0;
  },
};
