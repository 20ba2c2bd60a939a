import { createWriteStream, existsSync, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { Problem } from "../../protocol/problem.ts";
import { formatBytes } from "../../protocol/size.ts";
import { errorCode } from "../../state-directory/error-code.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
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
    const path = resolve(file);
    if (values.force !== true && existsSync(path)) throw exists(path);
    await using daemon = await reachDaemon();
    const { body, length } = await daemon.openBackup();
    const draft = `${path}.${process.pid}.new`;
    let size = 0;
    try {
      body.on("data", (chunk: Buffer) => {
        size += chunk.length;
      });
      await pipeline(body, createWriteStream(draft, { flags: "wx", mode: 0o600, flush: true }));
      if (size !== length) throw cutOff();
      if (values.force !== true && existsSync(path)) throw exists(path);
      renameSync(draft, path);
    } catch (cause) {
      rmSync(draft, { force: true });
      if (cause instanceof Problem) throw cause;
      const why = errorCode(cause) ?? String(cause);
      throw new Problem(
        "storage_full",
        `${path} could not be written (${why}). Choose another place, or make room.`,
        { cause },
      );
    }
    print(`${path} has the state of now (${formatBytes(size)}).\n`);
    return 0;
  },
};

function exists(path: string): Problem {
  return new Problem(
    "conflict",
    `${path} is there already. Choose another name, or replace it with --force.`,
  );
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
