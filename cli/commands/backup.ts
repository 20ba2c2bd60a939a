import { createWriteStream, lstatSync, renameSync, rmSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { placesIn } from "../../client/places.ts";
import { wholeBody } from "../../client/reply.ts";
import { Problem } from "../../protocol/problem.ts";
import { formatBytes } from "../../protocol/size.ts";
import { cannotWrite } from "../../state-directory/file-problem.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";

export const command: Command = {
  help: `Write the daemon's state to a file: hosts, history with its output, settings and host keys.

Usage: hostrun backup FILE [--force]

  --force  replace FILE if it is there

The daemon goes on meanwhile. The file is for you alone (mode 0600): it holds what your commands printed. The token of
TCP is not part of it. \`hostrun restore FILE\` brings it back.
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { force: { type: "boolean" } });
    const [file] = takeWords(positionals, "FILE");
    if (file === "-")
      throw new UsageError('FILE is "-", but a backup must be a file. For a file of that name, use "./-".');
    if (file === "" || file.endsWith("/")) throw new UsageError("FILE must be the name of a file.");
    const path = resolve(file);
    const mayReplace = values.force === true;
    checkPlace(path, mayReplace);
    await using daemon = await reachDaemon();
    const { body, length } = await daemon.openBackup();
    const draft = `${path}.${process.pid}.new`;
    let size = 0;
    try {
      const counted = async function* (): AsyncGenerator<Buffer> {
        for await (const chunk of wholeBody(body)) {
          size += chunk.length;
          yield chunk;
        }
      };
      await pipeline(counted, createWriteStream(draft, { flags: "wx", mode: 0o600, flush: true }));
      if (size !== length) throw cutOff();
      checkPlace(path, mayReplace);
      renameSync(draft, path);
    } catch (cause) {
      rmSync(draft, { force: true });
      throw cause instanceof Problem ? cause : cannotWrite(path, cause);
    }
    print(`${path} has the state of now (${formatBytes(size)}).\n`);
    return 0;
  },
};

/** Only a regular file may be replaced, and none of the daemon's own: a device, a pipe or a link would be destroyed. */
function checkPlace(path: string, mayReplace: boolean): void {
  if (dirname(path) === placesIn().directory) {
    throw refused(`${path} is in the state directory, with which it would be lost. Choose another place.`);
  }
  const present = presentAt(path);
  if (present === undefined) return;
  if (!present.isFile()) throw refused(`${path} is not a regular file. Choose another name.`);
  if (!mayReplace)
    throw refused(`${path} is there already. Choose another name, or replace it with --force.`);
}

function presentAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

function refused(message: string): Problem {
  return new Problem("conflict", message);
}

function cutOff(): Problem {
  return new Problem(
    "daemon_unreachable",
    "The daemon ended before it had sent all of its state. Nothing was written; try again.",
    {
      reason: "cut",
    },
  );
}
