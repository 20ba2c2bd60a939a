import { expect, test } from "vitest";
import { findCalled } from "../../../cli/called.ts";
import { UsageError } from "../../../cli/command.ts";
import { commands } from "../../../cli/commands.ts";

test.each([
  ["hosts", "hosts", []],
  ["hosts --json", "hosts", ["--json"]],
  ["hosts ls --json", "hosts list", ["--json"]],
  ["hosts rm web1", "hosts remove", ["web1"]],
  ["known-hosts rm web1", "known-hosts remove", ["web1"]],
  ["config ls", "config list", []],
  ["ls", "hosts list", []],
  ["rm web1", "hosts remove", ["web1"]],
  ["ps --host web1", "history", ["--host", "web1"]],
])("%s calls %s", async (line, name, args) => {
  const called = await findCalled(line.split(" "));
  expect([called.name, called.args]).toEqual([name, args]);
});

test.each([
  ["hosts", "List, add, change"],
  ["hosts list", "List the hosts"],
  ["hosts add", "Add a host."],
  ["config set", "Change a setting"],
])("the help of %s is its own", async (line, help) => {
  expect((await findCalled(line.split(" "))).help).toContain(help);
});

/** The options whose value is a length of time. */
const spans = ["--timeout", "--connect-timeout", "--cache-ttl", "--every", "--grace"];

test.each(Object.entries(commands))("the help of %s calls a length of time TIME", async (_name, entry) => {
  const { command } = await entry.load();
  const helps = [command, ...Object.values("subcommands" in command ? command.subcommands : {})];
  const options = helps.flatMap(({ help }) => [...help.matchAll(/(--[a-z-]+) ([A-Z]+)/g)]);
  for (const [, option = "", value] of options) if (spans.includes(option)) expect(value).toBe("TIME");
});

test.each([
  ["rnu", "Unknown command: rnu. Did you mean run?"],
  ["hosts tset", "Unknown command: hosts tset. Did you mean hosts test?"],
  ["hosts toString", "Unknown command: hosts toString."],
  ["config rm", "Unknown command: config rm."],
  ["--jsno", "Unknown option: --jsno."],
])("%s is wrong usage", async (line, told) => {
  await expect(findCalled(line.split(" "))).rejects.toEqual(new UsageError(told));
});
