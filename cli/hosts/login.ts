import { Problem } from "../../protocol/problem.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, refuseTogether, takeWords, UsageError } from "../command.ts";
import { print } from "../console.ts";
import { firstLineOfStdin } from "../stdin-line.ts";
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
    refuseTogether(values, ...Object.keys(values));
    const [option] = Object.keys(values).map((given) => `--${given}`);
    const params = { host: name };
    if (option === undefined && !hasTerminal()) {
      throw new UsageError("Cannot ask for the password without a terminal. Give it with --password-stdin.");
    }
    await using daemon = await reachDaemon();
    if (values.forget === true) {
      await daemon.call("forgetSecrets", { params });
      print(`Forgot what was kept for ${visible(name)}.\n`);
      return 0;
    }
    const kind = values["password-stdin"] === true ? "password" : "passphrase";
    if (option !== undefined) {
      const secret = await firstLineOfStdin();
      if (secret === "") throw new UsageError(`Standard input has no first line for ${option}.`);
      await daemon.call("keepSecrets", { params, body: { [kind]: secret } });
    }
    // An open connection would prove nothing.
    const { host, offeredSecret } = await testHost(daemon, name, { remember: "session", fresh: true });
    if (option !== undefined && offeredSecret === "refused") throw notTaken(host, kind);
    const unused = option !== undefined && offeredSecret === "untried";
    print(`Logged in to ${visible(host)}${unused ? `, where the ${kind} was not asked for` : ""}.\n`);
    return 0;
  },
};

/** Another secret was accepted: one that was kept before, or one that a person typed. */
function notTaken(host: string, kind: string): Problem {
  const detail = `${host}: The ${kind} that was given is wrong, and not kept. What logged in was kept before, and still is, or typed.`;
  return new Problem("authentication_failed", detail, { host });
}
