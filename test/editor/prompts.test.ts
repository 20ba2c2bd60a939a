import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type AskingHosts, openAskingHosts } from "../support/asking-hosts.ts";
import { openBrowser } from "../support/browser.ts";
import { openCodeServer, type CodeServer } from "../support/code-server.ts";
import { SecretSearch } from "../support/secret-search.ts";
import { openSsh2Server } from "../support/ssh2-server.ts";
import { Workbench } from "../support/workbench.ts";

const password = "canary-password-0815";
const passphrase = "canary-passphrase-4711";
const owned = new AsyncDisposableStack();
let code: CodeServer;
let hosts: AskingHosts;
let window: Workbench;

beforeAll(async () => {
  code = owned.use(await openCodeServer());
  hosts = owned.use(await openAskingHosts(code.home, { password, passphrase }));
  const codes = owned.use(
    await openSsh2Server({
      authentication(context) {
        if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
        context.prompt([{ prompt: "Password: ", echo: false }], "Company login", "Welcome.", ([secret]) => {
          context.prompt([{ prompt: "Verification code: ", echo: true }], "Second factor", "", ([number]) => {
            if (secret === password && number === "123456") context.accept();
            else context.reject(["keyboard-interactive"]);
          });
        });
      },
      exec(channel) {
        channel.stdout.write("behind two factors\n");
        channel.exit(0);
        channel.end();
      },
    }),
  );
  const twofold = `Host twofold\n  HostName 127.0.0.1\n  Port ${codes.port}\n  IdentityFile none\n`;
  await appendFile(join(code.home, ".ssh/config"), twofold);
  await appendFile(join(code.home, ".ssh/known_hosts"), codes.knownHosts);
  const browser = await openBrowser();
  owned.defer(() => browser.close());
  window = await Workbench.open(browser, code);
  // Whatever a webview is told is kept, to be looked through at the end.
  const content =
    'window.told = []; addEventListener("message", ({ data }) => told.push(JSON.stringify(data)));';
  await window.page.context().addInitScript({ content });
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await window.failure(task.name);
});
afterAll(() => owned.disposeAsync());

async function runByPalette(host: string, command: string): Promise<void> {
  await window.command("Hostrun: Run on Host…");
  await window.choose(/Choose the host/, host);
  await window.answer(/Type a command/, command);
}

test("leaving the question declines it, and the run says what it was about", async () => {
  await runByPalette("password", "whoami");
  await window.quick.getByPlaceholder("Password:").waitFor();
  await window.page.keyboard.press("Escape");
  await window.showHostrun();
  await window.row(/^password, failed/).waitFor();
  await window.run
    .getByText(/the question was declined/)
    .first()
    .waitFor();
  await window.pictures("prompt-declined");
});

test("a password is asked for in a masked input, again when it was wrong, and kept as long as is wanted", async () => {
  await runByPalette("password", "whoami");
  await window.quick.getByPlaceholder("Password:").waitFor();
  expect(await window.input.getAttribute("type")).toBe("password");
  await window.answer(/Password:/, "wrong");
  await window.choose(/How long should it be kept/, "Don't keep it");
  await window.quick.getByText("That was incorrect").waitFor();
  await window.pictures("prompt-password");
  await window.answer(/Password:/, password);
  await window.quick.getByPlaceholder(/How long should it be kept/).waitFor();
  await window.pictures("prompt-keep");
  await window.choose(/How long should it be kept/, "Keep it for this session");
  await window.output(hosts.user);
});

test("an encrypted key is opened by its passphrase", async () => {
  await runByPalette("passphrase", "echo by the $(echo key)");
  await window.quick.getByPlaceholder("Passphrase:").waitFor();
  await window.pictures("prompt-passphrase");
  await window.answer(/Passphrase:/, passphrase);
  await window.choose(/How long should it be kept/, "Don't keep it");
  await window.output("by the key");
});

test("what a server asks comes step by step in its own words", async () => {
  await runByPalette("twofold", "anything");
  await window.quick.getByText("Company login").waitFor();
  await window.pictures("prompt-two-factors");
  await window.answer(/Password:/, password);
  await window.quick.getByText("Second factor").waitFor();
  expect(await window.input.getAttribute("type")).not.toBe("password");
  await window.answer(/Verification code:/, "123456");
  await window.output("behind two factors");
});

test("a host with a second factor asks for the password and the code, and no code is kept", async () => {
  await runByPalette("two-factor", "echo by $((1 + 1)) factors");
  const [first, second] = hosts.questions["two-factor"];
  await window.answer(/Password:/, first?.answer() ?? "");
  await window.quick.getByPlaceholder(/One-time password/).waitFor();
  await window.pictures("prompt-code");
  await window.answer(/One-time password/, second?.answer() ?? "");
  await window.output("by 2 factors");
});

test("a hop in the middle asks by its own name, and its secret in the keyring outlives the daemon", async () => {
  const [question] = hosts.questions.chain;
  const run = async (command: string): Promise<void> => runByPalette("chain", command);
  await code.hostrun("stop", "--force");
  await run("echo by $((2 + 1)) hops");
  await window.quick
    .getByText(question?.hop.replace(/:\d+$/, "") ?? "")
    .first()
    .waitFor();
  await window.pictures("prompt-hop");
  await window.answer(/Password:/, password);
  await window.choose(/How long should it be kept/, "Keep it, ");
  await window.output("by 3 hops");
  await code.hostrun("stop", "--force");
  await run("echo by $((3 + 1)) runs");
  await window.output("by 4 runs");
});

test("no secret is in the log, in what is recorded, or in a run's tab", async () => {
  const search = new SecretSearch({ password, passphrase });
  const control = new SecretSearch({ "what was run": "by 4 runs" });
  for (const each of [search, control]) {
    await each.lookInFiles(code.stateDirectory);
    for (const frame of window.page.frames().filter((found) => found !== window.page.mainFrame())) {
      each.look("a webview", await frame.content());
      each.look("what a webview was told", await frame.evaluate<string>("JSON.stringify(window.told ?? [])"));
    }
  }
  expect([...search.found]).toEqual([]);
  expect([...control.found]).toEqual(expect.arrayContaining(["what was run: a webview"]));
});
