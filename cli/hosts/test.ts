import type { HostTest } from "../../protocol/host-test.ts";
import { Problem } from "../../protocol/problem.ts";
import type { TestStep } from "../../protocol/test-step.ts";
import type { Command } from "../command.ts";
import { parseOptions, parseSpan, takeWords } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import { formatSpan } from "../../protocol/span.ts";
import { StepLines } from "./step-lines.ts";
import { testHost } from "./test-host.ts";
import { sheet } from "../table.ts";

export const test: Command = {
  help: `Connect to a host, log in and run a command that does nothing, step by step. On a
terminal, what the host asks for is asked here.

Usage: hostrun hosts test NAME [OPTION...]

  --connect-timeout TIME  give up after this time, e.g. 5s
  --fresh                 log in anew, also where a connection is open
${formatHelp}
Exit status: 0 when it all worked, 1 when it did not.
`,
  optionNames: { connectTimeoutMs: "--connect-timeout" },
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      "connect-timeout": { type: "string" },
      fresh: { type: "boolean" },
      ...formatOptions,
    });
    const [name] = takeWords(positionals, "NAME");
    const format = parseFormat(values);
    const timeout = values["connect-timeout"];
    const connectTimeoutMs = timeout === undefined ? undefined : parseSpan(timeout, "--connect-timeout");
    await using daemon = await reachDaemon();
    const lines = new StepLines();
    const printSteps = (steps: readonly TestStep[]): void => {
      if (format === undefined) process.stderr.write(lines.take(steps));
    };
    try {
      const found = await testHost(daemon, name, {
        connectTimeoutMs,
        fresh: values.fresh,
        steps: printSteps,
      });
      // On a terminal the steps have been printed already.
      if (hasTerminal()) printSteps(found.steps);
      showOne(format, found, () => testSheet(found, lines.take(found.steps)));
      return found.steps.some(({ state }) => state === "failed") ? 1 : 0;
    } catch (failure) {
      if (failure instanceof Problem) printSteps(failure.members.steps ?? []);
      throw failure;
    }
  },
};

function testSheet(
  { host, reusedConnection, connectMs, server, hostKey, cipher }: HostTest,
  steps: string,
): string {
  const found = sheet([
    ["Host", host],
    ["Login", { text: "works", style: "green" }],
    ["Connection", reusedConnection ? "reused" : `new, in ${formatSpan(connectMs)}`],
    ["Server", server],
    ["Host key", `${hostKey.keyType} ${hostKey.fingerprint}`],
    ["Cipher", cipher],
  ]);
  return steps === "" ? found : `${found}\n${steps}`;
}
