import { version } from "../package.json";
import { seeLogs } from "../protocol/internal-problem.ts";
import { Problem } from "../protocol/problem.ts";
import type { Called } from "./called.ts";
import { findCalled } from "./called.ts";
import { HelpRequested, UsageError, usageStatus } from "./command.ts";
import { commands } from "./commands.ts";
import { print, warn, warnOf } from "./console.ts";
import { inOptionNames, isOfOptions } from "./option-names.ts";
import { OutputFailure, prepareOutput, usedOutput } from "./output.ts";
import { unreadableArgument } from "./raw-text.ts";

const failedStatus = 1;

let finished = false;

/** Whether the command itself handles a standard output that cannot be written. */
let ownsOutput = false;

/** For the launcher; see `runCompiled`. */
export function hasFinished(): boolean {
  return finished;
}

async function main(args: readonly string[]): Promise<number> {
  refuseUnreadable(args);
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    print(overview());
    return name === undefined ? usageStatus : 0;
  }
  if (name === "--version" || name === "-V") {
    print(`hostrun ${version}\n`);
    return 0;
  }
  if (name === "help") {
    print(rest.length === 0 ? overview() : (await findCalled(rest)).help);
    return 0;
  }
  return call(await findCalled(args));
}

async function call({ name, help, command, args }: Called): Promise<number> {
  ownsOutput = command.ownsOutput === true;
  try {
    const status = await command.run(args);
    finished = true;
    return status;
  } catch (error) {
    if (error instanceof HelpRequested) {
      ownsOutput = false;
      print(help);
      return 0;
    }
    const failure = inOptionNames(error, { host: "HOST", ...command.optionNames });
    if (isOfOptions(failure)) return report(failure, usageStatus);
    if (!(failure instanceof UsageError)) return report(failure, command.failedStatus);
    warn(failure.message, `See \`hostrun ${name} --help\`.`);
    return usageStatus;
  }
}

function refuseUnreadable(args: readonly string[]): void {
  const unreadable = unreadableArgument(args);
  if (unreadable !== undefined) {
    throw new UsageError(
      `Argument ${unreadable + 1} is not text in UTF-8: "${args[unreadable] ?? ""}". ` +
        "Let the command make such bytes on the host, e.g. by printf '\\377'.",
    );
  }
}

function overview(): string {
  const wide = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(wide)}  ${summary}`);
  return `Run commands on SSH hosts at the speed of a local shell.

Usage: hostrun COMMAND [OPTION...]

  hostrun run web1 uptime

Commands:
${lines.join("\n")}

\`hostrun COMMAND --help\` shows more; \`hostrun --version\` prints the version.
`;
}

/** Ends the process once all output has been written, which takes a while on a slow pipe. */
async function exit(status: number): Promise<never> {
  const streams = usedOutput();
  if (streams.length === 0) process.exit(status);
  const writable = streams.filter((stream) => stream.writable);
  await Promise.all(writable.map((stream) => new Promise((done) => stream.write("", done))));
  // A failed write is reported in the next turn of the event loop.
  await new Promise((done) => setImmediate(done));
  process.exit(status);
}

/** Reports a failure, and returns the exit status. */
function report(error: unknown, status = failedStatus): number {
  if (error instanceof UsageError) {
    warn(error.message, "See `hostrun --help`.");
    return usageStatus;
  }
  if (error instanceof Problem) warnOf(error);
  else warn(`Internal error: ${String(error)}`, ...framesOf(error), seeLogs);
  return status;
}

/** The stack frames, without the message. */
function framesOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return stack.split("\n").filter((line) => line.startsWith("    at "));
}

function leave(cause: Error): void {
  const failure = new OutputFailure("Standard output", cause);
  if (!failure.readerGone) warn(`${failure.message}.`);
  process.exit(failure.readerGone ? failure.status : failedStatus);
}

prepareOutput("stdout", (cause) => {
  if (!ownsOutput) leave(cause);
});
prepareOutput("stderr", () => undefined);
void main(process.argv.slice(2))
  .catch((error: unknown) => report(error))
  .then(exit);
