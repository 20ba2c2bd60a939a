import { afterAll, expect, test } from "vitest";
import { askingHosts, openAskingHosts } from "../support/asking-hosts.ts";
import { openCli } from "../support/cli.ts";
import { openTerminal } from "../support/terminal.ts";

await using stack = new AsyncDisposableStack();
const cli = stack.use(await openCli());
const secrets = { password: "correct horse", passphrase: "open sesame" };
const hosts = stack.use(await openAskingHosts(cli.home, secrets));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

test.each(askingHosts)(
  "on a terminal a run on the host “%s” asks what it needs, and logs in",
  async (host) => {
    const terminal = openTerminal(cli, "run", "-n", host, "--", "whoami");
    for (const { label, hop, answer } of hosts.questions[host]) {
      // Whose question it is stands before it: behind other hosts that is not the host of the run.
      if (host !== "passphrase") await terminal.shows(hop.replace(/:\d+$/, ""));
      await terminal.shows(label);
      terminal.type(`${answer()}\r`);
    }
    expect((await terminal.ended).status).toBe(0);
    expect(terminal.shown()).toContain(`${hosts.user}\r\n`);
    expect(terminal.shown()).not.toMatch(/correct horse|open sesame/);
  },
);

test("a run as root asks for the password where sudo does, and does not show it", async () => {
  const terminal = openTerminal(cli, "run", "-n", "--sudo", "--remember", "outer", "--", "id -u");
  await terminal.shows(`Password of ${hosts.user} for sudo on outer`);
  await terminal.shows("Password:");
  terminal.type(`${secrets.password}\r`);
  expect((await terminal.ended).status).toBe(0);
  expect(terminal.shown()).toMatch(/^0\r\n/m);
  expect(terminal.shown()).not.toMatch(/correct horse|hostrun-/);
  // Where it is remembered, nobody is asked again.
  const again = await cli.run(["run", "--sudo", "outer", "--", "id -u"]);
  expect(again.stdout.toString()).toBe("0\n");
});
