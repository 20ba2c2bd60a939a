import { Problem } from "../protocol/problem.ts";
import type { Command } from "./command.ts";
import { unknown, UsageError, usageStatus } from "./command.ts";
import { commands } from "./commands.ts";
import { print, warn, warnOf } from "./console.ts";

/** A failure of Hostrun itself, or of what it was asked for: as ssh, whose own failures are 255. */
const failedStatus = 255;
const brokenPipeStatus = 141;

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    print(await overview());
    return name === undefined ? usageStatus : 0;
  }
  if (name === "--version" || name === "-V") {
    const { default: manifest } = await import("../package.json", { with: { type: "json" } });
    print(`hostrun ${manifest.version}\n`);
    return 0;
  }
  if (name === "help") return help(rest);
  const command = await find(name);
  if (asksForHelp(rest)) {
    print(command.help);
    return 0;
  }
  if (command.ownsOutput === true) process.stdout.off("error", leave);
  try {
    return await command.run(rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    warn(error.message, `See \`hostrun ${name} --help\`.`);
    return usageStatus;
  }
}

/** What follows `--` is the remote command's. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  return own.some((arg) => arg === "--help" || arg === "-h");
}

async function find(name: string): Promise<Command> {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) {
    throw unknown(name.startsWith("-") ? "option" : "command", name, [
      ...Object.keys(commands),
      "help",
      "--help",
      "--version",
    ]);
  }
  return (await entry.load()).command;
}

async function help([name]: readonly string[]): Promise<number> {
  print(name === undefined ? await overview() : (await find(name)).help);
  return 0;
}

async function overview(): Promise<string> {
  const wide = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(wide)}  ${summary}`);
  return `Run commands on SSH hosts at the speed of a local shell.

Usage: hostrun COMMAND [OPTION...]

  hostrun run web1 -- uptime

Commands:
${lines.join("\n")}

\`hostrun COMMAND --help\` tells more; \`hostrun --version\` prints the version.
`;
}

/** Ends the process once everything that was written is out, which on a slow pipe takes its time. */
async function exit(status: number): Promise<never> {
  const streams = [process.stdout, process.stderr].filter((stream) => stream.writable);
  await Promise.all(streams.map((stream) => new Promise((done) => stream.write("", done))));
  process.exit(status);
}

function statusOf(error: unknown): number {
  if (error instanceof UsageError) {
    warn(error.message, "See `hostrun --help`.");
    return usageStatus;
  }
  if (error instanceof Problem) warnOf(error);
  else warn(`This is a fault of Hostrun: ${String(error)}`, ...framesOf(error));
  return failedStatus;
}

/** Where it happened, without the message once more. */
function framesOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return stack.split("\n").filter((line) => line.startsWith("    at "));
}

function leave(): void {
  process.exit(brokenPipeStatus);
}

process.stdout.on("error", leave);
process.stderr.on("error", () => undefined);
void main(process.argv.slice(2)).catch(statusOf).then(exit);
