import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import type { CodeServer } from "../support/code-server.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { createKey, type SshKey } from "../support/ssh-key.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import type { UnixUser } from "../support/unix-user.ts";
import type { Workbench } from "../support/workbench.ts";

const password = "canary-key-offer-0815";
const all = ["light", "dark", "highContrast"] as const;
const owned = new AsyncDisposableStack();
let code: CodeServer;
let sshd: Sshd;
let user: UnixUser;
let key: SshKey;
let window: Workbench;

beforeAll(async () => {
  user = owned.use(await openPasswordUser(password));
  sshd = owned.use(
    await openSshd({
      options: { PasswordAuthentication: "yes", AuthorizedKeysFile: ".ssh/authorized_keys" },
    }),
  );
  ({ code, window } = await openEditor(owned, sshd));
  key = await createKey(join(code.home, ".ssh/work"), "ed25519");
  for (const name of ["plain", "second"]) {
    await code.hostrun("hosts", "add", name, `${user.name}@${sshd.address}:${sshd.port}`);
  }
  await window.showHostrun();
});
endAfterTests(owned, () => window);

async function runOn(host: string, command: string): Promise<void> {
  await window.command("Hostrun: Run on Host…");
  await window.choose(/Choose the host/, host);
  await window.answer(/Type a command/, command);
}

async function typePassword(): Promise<void> {
  await window.answer(/Password:/, password);
  await window.choose(/How long should it be kept/, "Don't keep it");
}

/** They serve every host of this login. */
async function closeConnections(): Promise<void> {
  await using daemon = await openDaemon({ stateDirectory: code.stateDirectory });
  const { items } = await daemon.call("listConnections");
  for (const { id } of items) await daemon.call("closeConnection", { params: { connection: id } });
}

test("after a login by a password a key is offered, installed and used from then on", async () => {
  await runOn("plain", "echo by the $(echo password)");
  await typePassword();
  await window.output("by the password");
  const offer = window.notification("You logged in to plain with a password.");
  await offer.waitFor();
  await window.pictures("key-offer", all);
  await offer.getByRole("button", { name: "Use a Key…" }).click();
  await window.choose(/to log in with/, "~/.ssh/work");
  await window.notification(/can log in as .* now/).waitFor();
  expect(await readFile(join(user.home, ".ssh/authorized_keys"), "utf8")).toContain(
    key.publicKey.split(" ")[1],
  );
  await using daemon = await openDaemon({ stateDirectory: code.stateDirectory });
  const named = async (): Promise<string | null> =>
    (await daemon.call("getHost", { params: { host: "plain" } })).identityFile;
  await expect.poll(named).toBe(key.path);
  const { ok, reusedConnection } = await daemon.call("testHost", {
    params: { host: "plain" },
    body: { fresh: true, prompts: "fail" },
  });
  expect([ok, reusedConnection]).toEqual([true, false]);
  await window.dismissNotifications();
});

test("it is offered once: another host there is logged in to by the password as before", async () => {
  await closeConnections();
  await runOn("second", "echo again by the $(echo password)");
  await typePassword();
  await window.output("again by the password");
  await window.row(/^second, connected/).waitFor();
  expect(await window.notification(/You logged in to/).count()).toBe(0);
});

test("a key is installed on a host whose password is asked for then", async () => {
  await closeConnections();
  await window.command("Hostrun: Install SSH Key on Host…");
  await window.choose(/to log in with/, "~/.ssh/id_ed25519");
  await window.choose(/Choose a host/, "second");
  await typePassword();
  await window.notification(/can log in as .* now/).waitFor();
  const authorized = await readFile(join(user.home, ".ssh/authorized_keys"), "utf8");
  expect(authorized).toContain(sshd.clientKey.publicKey.split(" ")[1]);
});
