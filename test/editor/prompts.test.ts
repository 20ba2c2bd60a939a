import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../support/browser.ts";
import { openCodeServer, type CodeServer } from "../support/code-server.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshd } from "../support/sshd.ts";
import { openSsh2Server } from "../support/ssh2-server.ts";
import type { UnixUser } from "../support/unix-user.ts";
import { Workbench } from "../support/workbench.ts";

const password = "canary-editor-0815";
const owned = new AsyncDisposableStack();
let code: CodeServer;
let user: UnixUser;
let window: Workbench;

beforeAll(async () => {
  user = owned.use(await openPasswordUser(password));
  code = owned.use(await openCodeServer());
  const ssh = (name: string): string => join(code.home, ".ssh", name);
  const key = await createKey(ssh("locked"), "ed25519", "open sesame");
  const passwords = owned.use(await openSshd({ options: { PasswordAuthentication: "yes" } }));
  const keys = owned.use(await openSshd({ authorizedKeys: [key.publicKey] }));
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
  await writeFile(ssh("known_hosts"), passwords.knownHosts + keys.knownHosts + codes.knownHosts);
  const hosts = [
    ["secretive", passwords.port, user.name, "IdentityFile none"],
    ["locked", keys.port, user.name, `IdentityFile ${key.path}`],
    ["twofold", codes.port, user.name, "IdentityFile none"],
  ];
  const config = hosts.map(
    ([name, port, account, more]) =>
      `Host ${name}\n  HostName 127.0.0.1\n  Port ${port}\n  User ${account}\n  ${more}\n`,
  );
  await writeFile(ssh("config"), config.join(""));
  const browser = await openBrowser();
  owned.defer(() => browser.close());
  window = await Workbench.open(browser, code);
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
  await runByPalette("secretive", "whoami");
  await window.quick.getByPlaceholder("Password:").waitFor();
  await window.page.keyboard.press("Escape");
  await window.showHostrun();
  await window.row(/^secretive, failed/).waitFor();
  await window.run
    .getByText(/the question was declined/)
    .first()
    .waitFor();
  await window.pictures("prompt-declined");
});

test("a password is asked for in a masked input, again when it was wrong, and kept as long as is wanted", async () => {
  await runByPalette("secretive", "whoami");
  await window.quick.getByPlaceholder("Password:").waitFor();
  expect(await window.input.getAttribute("type")).toBe("password");
  await window.answer(/Password:/, "wrong");
  await window.choose(/For how long/, "Don't keep it");
  await window.quick.getByText("That was not right").waitFor();
  await window.pictures("prompt-password");
  await window.answer(/Password:/, password);
  await window.quick.getByPlaceholder(/For how long/).waitFor();
  await window.pictures("prompt-keep");
  await window.choose(/For how long/, "Keep it for this session");
  await window.output(user.name);
});

test("an encrypted key is opened by its passphrase", async () => {
  await runByPalette("locked", "echo by the $(echo key)");
  await window.quick.getByPlaceholder("Passphrase:").waitFor();
  await window.pictures("prompt-passphrase");
  await window.answer(/Passphrase:/, "open sesame");
  await window.choose(/For how long/, "Don't keep it");
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

test("no secret is in the log or in what is recorded", async () => {
  for (const name of ["daemon.log", "hostrun.db", "hostrun.db-wal"]) {
    expect(await readFile(join(code.stateDirectory, name), "latin1")).not.toMatch(/canary|open sesame/);
  }
});
