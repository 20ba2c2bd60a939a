import { expect, test } from "vitest";
import { findCalled } from "../../../cli/called.ts";

test.each([
  ["hosts login h --forget --password-stdin", "--forget and --password-stdin cannot be used together."],
  ["hosts edit h --user x --unset user", "--user and --unset user cannot be used together."],
  ["hosts edit h --production --no-production", "--production and --no-production cannot be used together."],
  ["hosts add h u@a --user x", '"u@a" and --user cannot be used together: both set the user.'],
  ["hosts add h a:22 --port 23", '"a:22" and --port cannot be used together: both set the port.'],
  ["hosts import --path a --from b", "--path and --from cannot be used together."],
  [
    "keys make --passphrase-stdin --no-passphrase",
    "--passphrase-stdin and --no-passphrase cannot be used together.",
  ],
  ["show last --output --no-output", "--no-output and --output cannot be used together."],
  ["show last --json --stream stdout", "--json and --stream cannot be used together."],
  ["attach last --raw", "--raw goes with --json: without that, every byte is printed."],
  [
    "known-hosts add h ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIGdK",
    'The type is "ssh-rsa", but the key is of "ssh-ed25519".',
  ],
  ["known-hosts add h ssh-rsa KEY", 'The type is "ssh-rsa", but the key is none.'],
])("hostrun %s is refused before anything is done", async (line, message) => {
  const { command, args } = await findCalled(line.split(" "));
  await expect(command.run(args)).rejects.toMatchObject({ name: "UsageError", message });
});
