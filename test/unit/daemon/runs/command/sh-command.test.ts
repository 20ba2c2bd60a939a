import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { shCommand } from "../../../../../daemon/runs/command/sh-command.ts";
import {
  followCommand,
  removeCommand,
  startCommand,
} from "../../../../../daemon/runs/durable/host-script.ts";
import { endGroupCommand } from "../../../../../daemon/runs/terminate/group-end.ts";
import { openShells, shellNames } from "../../../../support/shells.ts";

const run = promisify(execFile);

const script = `
# Not this.
say() {
  # Nor this.
  case $1 in (a) echo "an a" ;; (*) echo "$1" ;; esac
}
for each in $*; do
  if [ $each != b ]; then
    say $each
  else
    { say "b," && say it; } |
      tr "\\n" " "
  fi
done
`;

test.each(shellNames)("a script with arguments is one line that %s reads", async (name) => {
  await using shells = await openShells();
  const { stdout } = await run(shells.path(name), ["-c", shCommand(script, "a", "b", 3, "/x-y.z")]);
  expect(stdout).toBe("an a\nb, it 3\n/x-y.z\n");
});

test("our own scripts hold nothing that a login shell would read in its own way", () => {
  const id = "01a215f8-4ba0-795f-b72b-fedd09f944ba";
  const at = { id, directory: "/home/a_b/.hostrun", isOwn: true };
  const start = { commandLine: () => ({ line: "true", before: "", inputs: [] }), stdin: null };
  const commands = [
    endGroupCommand(1, 5000, { directory: "/home/a/.hostrun/x", way: "wait" }).replace(/; true$/, ""),
    startCommand(at, "t0", start, "bourne").command,
    followCommand(at, "t0", { stdout: 1, stderr: 2, hash: true }).command,
    removeCommand(at, undefined),
    removeCommand({ ...at, directory: null }, 5000),
  ];
  for (const command of commands) {
    expect(command).toMatch(/^\/bin\/sh -c '[^'\n]+' hostrun( [\w/.@+-]+)+$/);
    // csh's history, and what is an escape in quotes of fish or csh.
    expect(command).not.toMatch(/![^ =]|\\\\|\\'/);
    expect(command).not.toMatch(/\s#|; ;/);
    expect(Buffer.byteLength(command)).toBeLessThan(8192);
  }
});
