import type { HostTest } from "../../protocol/host.ts";
import type { Command } from "../command.ts";
import { parseOptions, parseSpan, takeWords } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";
import { spanOf } from "../runs/describe.ts";
import { testHost } from "./test-host.ts";
import { sheet } from "../table.ts";

export const test: Command = {
  help: `Connect to a host and log in, without running anything. On a terminal,
what the host asks for is asked here.

Usage: hostrun hosts test NAME [OPTION...]

  --connect-timeout TIME  give up after this time, e.g. 5s
${formatHelp}
Exit status: 0 when the login worked, 1 when it did not.
`,
  optionNames: { connectTimeoutMs: "--connect-timeout" },
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      "connect-timeout": { type: "string" },
      ...formatOptions,
    });
    const [name] = takeWords(positionals, "NAME");
    const format = parseFormat(values);
    const timeout = values["connect-timeout"];
    const connectTimeoutMs = timeout === undefined ? undefined : parseSpan(timeout, "--connect-timeout");
    await using daemon = await reachDaemon();
    const found = await testHost(daemon, name, { connectTimeoutMs });
    showOne(format, found, () => testSheet(found));
    return 0;
  },
};

function testSheet({ host, reusedConnection, connectMs, server, hostKey, cipher }: HostTest): string {
  return sheet([
    ["Host", host],
    ["Login", { text: "works", style: "green" }],
    ["Connection", reusedConnection ? "reused" : `new, in ${spanOf(connectMs)}`],
    ["Server", server],
    ["Host key", `${hostKey.keyType} ${hostKey.fingerprint}`],
    ["Cipher", cipher],
  ]);
}
