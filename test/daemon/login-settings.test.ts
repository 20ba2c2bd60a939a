import { afterAll, describe, expect, test } from "vitest";
import { type LoginSettings, plainHopSettings } from "../../daemon/transport/hop-settings.ts";
import type { Target } from "../../daemon/transport/remote.ts";
import { openDirectory } from "../support/directory.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { personWho } from "../support/person.ts";
import { openAgent } from "../support/ssh-agent.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd } from "../support/sshd.ts";

const password = "correct horse";
await using stack = new AsyncDisposableStack();
const user = stack.use(await openPasswordUser(password));
const directory = stack.use(await openDirectory());
const [mine, theirs] = await Promise.all(["mine", "theirs"].map((name) => createKey(directory.join(name))));
if (mine === undefined || theirs === undefined) throw new Error("no keys");
const authorizedKeys = [
  `command="echo by my agent" ${mine.publicKey}`,
  `command="echo by the agent of the host" ${theirs.publicKey}`,
];
const sshd = stack.use(
  await openSshd({
    authorizedKeys,
    options: {
      UsePAM: "yes",
      PasswordAuthentication: "yes",
      KbdInteractiveAuthentication: "yes",
      MaxAuthTries: 10,
    },
  }),
);
const [agent, other] = [stack.use(await openAgent()), stack.use(await openAgent())];
await agent.add(mine);
await other.add(theirs);
const owned = stack.move();
afterAll(() => owned.disposeAsync());

describe.each(["ssh2", "openssh"] as const)("by %s", (transport) => {
  function loginOf(login: Partial<LoginSettings>, fields: Partial<Target> = {}): Target {
    const settings = { ...plainHopSettings, transport, login: { ...plainHopSettings.login, ...login } };
    return targetOf(sshd, {
      user: user.name,
      identityFiles: [],
      identitiesOnly: false,
      settings,
      ...fields,
    });
  }

  test.each([
    ["null", () => null, "by my agent\n"],
    ["SSH_AUTH_SOCK", () => "SSH_AUTH_SOCK", "by my agent\n"],
    ["a socket", () => other.socket, "by the agent of the host\n"],
  ])("IdentityAgent %s chooses the agent", async (_name, identityAgent, answer) => {
    await using pool = await openSshPool({ trust: [sshd] });
    const target = loginOf({ identityAgent: identityAgent() });
    const run = await pool.run(target, "any", { agentSocket: agent.socket });
    expect(run.stdout.toString()).toBe(answer);
  });

  test("IdentityAgent none asks no agent", async () => {
    await using pool = await openSshPool({ trust: [sshd] });
    const run = pool.run(loginOf({ identityAgent: "none" }), "any", { agentSocket: agent.socket });
    await expect(run).rejects.toMatchObject({ code: "authentication_failed" });
  });

  test.each([
    ["password first", ["password", "publickey"], "password", "Accepted password"],
    ["keyboard-interactive", ["keyboard-interactive"], "Password:", "Accepted keyboard-interactive"],
    ["the key first", ["publickey", "password"], undefined, "Accepted publickey"],
    ["what is unknown, then a password", ["hostbased", "password"], "password", "Accepted password"],
  ] as const)("PreferredAuthentications: %s", async (_name, methods, asked, accepted) => {
    await using pool = await openSshPool({ trust: [sshd] });
    const person = personWho([password]);
    const target = loginOf({ methods }, { identityFiles: [sshd.clientKey.path], identitiesOnly: true });
    const before = sshd.log().length;
    const run = await pool.run(target, "whoami", { questioner: person });
    expect(run.stdout.toString()).toBe(`${user.name}\n`);
    expect(sshd.log().slice(before)).toContain(accepted);
    expect(person.asked).toHaveLength(asked === undefined ? 0 : 1);
    for (const { fields } of person.asked) {
      expect(fields[0]?.label.toLowerCase()).toContain(asked?.toLowerCase());
    }
  });

  test("PreferredAuthentications without password asks for none", async () => {
    await using pool = await openSshPool({ trust: [sshd] });
    const person = personWho([password]);
    const target = loginOf({ methods: ["publickey"], identityAgent: "none" });
    await expect(pool.run(target, "whoami", { questioner: person })).rejects.toMatchObject({
      code: "authentication_failed",
    });
    expect(person.asked).toEqual([]);
  });
});
