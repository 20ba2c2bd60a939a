import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, refuseTogether, takeWords, UsageError } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { firstLineOfStdin } from "../stdin-line.ts";
import { readTypedLine } from "../prompts/typed-line.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";

const types = ["ed25519", "rsa", "ecdsa"] as const;

export const make: Command = {
  help: `Make an SSH key in ~/.ssh. A file that is there is never written over.

Usage: hostrun keys make [NAME] [OPTION...]

NAME is the file; id_ed25519 by default.

  --type TYPE         ed25519, rsa or ecdsa; by default as the setting defaultKeyType
  --comment TEXT      by default user@machine
  --passphrase-stdin  encrypt it with the first line of standard input; on a terminal the
                      passphrase is asked for
  --no-passphrase     do not ask, and do not encrypt it
${formatHelp}`,
  optionNames: { name: "NAME", comment: "--comment", passphrase: "--passphrase-stdin" },
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      type: { type: "string" },
      comment: { type: "string" },
      "passphrase-stdin": { type: "boolean" },
      "no-passphrase": { type: "boolean" },
      ...formatOptions,
    });
    const [name] = takeWords(positionals, "NAME?");
    refuseTogether(values, "passphrase-stdin", "no-passphrase");
    const format = parseFormat(values);
    const type = values.type === undefined ? undefined : parseType(values.type);
    const { comment } = values;
    const passphrase = await readPassphrase(values);
    if (passphrase === undefined) return 130;
    await using daemon = await reachDaemon();
    const made = await daemon.call("createKey", {
      body: {
        ...(name === undefined ? {} : { name }),
        ...(type === undefined ? {} : { type }),
        ...(comment === undefined ? {} : { comment }),
        passphrase,
      },
    });
    showOne(format, made, () => `${visible(made.path ?? "")}  ${visible(made.fingerprint)}\n`);
    if (format === undefined) print(`${visible(made.publicKey)}\n`);
    return 0;
  },
};

function parseType(given: string): (typeof types)[number] {
  const type = types.find((known) => known === given);
  if (type === undefined)
    throw new UsageError(`--type is "${given}", but must be one of ${types.join(", ")}.`);
  return type;
}

interface PassphraseOptions {
  readonly "passphrase-stdin"?: boolean | undefined;
  readonly "no-passphrase"?: boolean | undefined;
}

/** Undefined if the person at the terminal cancels. */
async function readPassphrase(values: PassphraseOptions): Promise<string | undefined> {
  if (values["passphrase-stdin"] === true) return firstLine();
  if (values["no-passphrase"] === true) return "";
  if (!process.stdin.isTTY) {
    throw new UsageError(
      "Cannot ask for a passphrase without a terminal. Give it with --passphrase-stdin, or make a key without one with --no-passphrase.",
    );
  }
  for (let question = "Passphrase (empty for none): "; ; ) {
    const passphrase = await readTypedLine({ question, echo: false });
    if (passphrase === undefined || passphrase === "") return passphrase;
    const repeated = await readTypedLine({ question: "The same once more: ", echo: false });
    if (repeated === undefined || repeated === passphrase) return repeated;
    question = "They differ. Passphrase (empty for none): ";
  }
}

async function firstLine(): Promise<string> {
  const line = await firstLineOfStdin();
  if (line === "") throw new UsageError("--passphrase-stdin: standard input holds no passphrase.");
  return line;
}
