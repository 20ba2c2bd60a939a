import { expect, test } from "vitest";
import { LoginLookups } from "../../../../../daemon/ssh/auth/login-lookups.ts";
import type { LoginTarget } from "../../../../../daemon/ssh/auth/credentials.ts";
import { plainHopSettings } from "../../../../../daemon/transport/hop-settings.ts";
import type { Target } from "../../../../../daemon/transport/remote.ts";

const target: Target = {
  name: "web1",
  user: "me",
  address: "10.0.0.1",
  port: 22,
  identityFiles: [],
  identitiesOnly: false,
  settings: plainHopSettings,
  hostKeyPolicy: "ask",
  jump: [],
};

/** Each look-up is another one. */
function openLookups() {
  let begun = 0;
  const clock = { time: 1, elapsed: () => clock.time };
  const lookups = new LoginLookups(
    {
      complete: (found) => {
        begun += 1;
        const credentials = {
          attempts: [],
          agentSocket: null,
          openSshKeys: [],
          fault: undefined,
          notes: [`look-up ${begun}`],
        };
        const completed: LoginTarget = { ...found, jump: [], credentials };
        return Promise.resolve(completed);
      },
    },
    clock,
  );
  const of = async (...args: Parameters<LoginLookups["of"]>): Promise<string | undefined> =>
    (await lookups.of(...args)).credentials.notes[0];
  return { lookups, clock, of };
}

test("a look-up that was begun ahead serves who asked before it began", async () => {
  const { lookups, clock, of } = openLookups();
  lookups.begin(target, null);
  clock.time = 5;
  expect(await of(target, null, 0.5)).toBe("look-up 1");
});

test.each([
  ["was asked for later", target, null, 3],
  ["was asked for at the same moment", target, null, 1],
  ["is asked for by nobody before", target, null, undefined],
  ["is of another host", { ...target, port: 23 }, null, 0.5],
  ["is of another agent", target, "/agent", 0.5],
] as const)("and none that %s", async (_what, other, agent, askedAt) => {
  const { lookups, clock, of } = openLookups();
  lookups.begin(target, null);
  clock.time = 5;
  expect(await of(other, agent, askedAt)).toBe("look-up 2");
});

test("nor a run that had to wait", async () => {
  const { lookups, clock, of } = openLookups();
  lookups.begin(target, null);
  clock.time = 1001;
  expect(await of(target, null, 0.5)).toBe("look-up 2");
});
