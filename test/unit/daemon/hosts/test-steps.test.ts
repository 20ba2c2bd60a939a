import { expect, test } from "vitest";
import { TestSteps } from "../../../../daemon/hosts/test-steps.ts";
import { plainHopSettings } from "../../../../daemon/transport/hop-settings.ts";
import type { Hop } from "../../../../daemon/transport/remote.ts";
import type { TestStep } from "../../../../protocol/test-step.ts";

function hop(name: string, address: string): Hop {
  const login = { user: "ann", identityFiles: [], identitiesOnly: false } as const;
  return { name, address, port: 22, ...login, hostKeyPolicy: "ask", settings: plainHopSettings };
}
const web = hop("web1", "10.0.0.1");
const gate = hop("gate", "::1");

function openSteps() {
  const clock = { now: 0, elapsed: () => clock.now };
  const told: (readonly TestStep[])[] = [];
  return { clock, told, steps: new TestSteps({ clock, changed: (steps) => told.push(steps) }) };
}

/** As "connect ann@10.0.0.1:22 done 12". */
function lines(steps: readonly TestStep[]): string[] {
  return steps.map(({ name, hop: at, state, durationMs }) =>
    [name, at, state, ...(durationMs === null ? [] : [durationMs])].join(" "),
  );
}

test("each step has the time until the next one begins, and a hop's last one until the way goes back", () => {
  const { clock, told, steps } = openSteps();
  steps.mark("configure", web);
  clock.now = 2;
  steps.mark("resolve", gate);
  clock.now = 3.04;
  steps.mark("connect", gate);
  steps.mark(undefined, gate);
  steps.mark("connect", gate);
  clock.now = 10;
  steps.mark(undefined, web);
  clock.now = 50;
  steps.mark("connect", web);
  clock.now = 60;
  steps.end("failed", "nobody is there");
  expect(lines(steps.steps)).toEqual([
    "configure ann@10.0.0.1:22 done 2",
    "resolve ann@[::1]:22 done 1",
    "connect ann@[::1]:22 done 7",
    "connect ann@10.0.0.1:22 failed 10",
  ]);
  expect(steps.steps.at(-1)?.note).toBe("nobody is there");
  expect(told.at(-1)).toBe(steps.steps);
  expect(told.map((each) => each.at(-1)?.state)).toContain("running");
});

test("a host at the address of its hop has steps of its own", () => {
  const { steps } = openSteps();
  const local = [hop("gate", "127.0.0.1"), hop("web1", "127.0.0.1")];
  for (const each of local) {
    steps.mark("connect", each);
    steps.mark("authentication", each);
  }
  steps.end("done");
  expect(steps.steps.map(({ name, host }) => `${name} ${host}`)).toEqual([
    "connect gate",
    "authentication gate",
    "connect web1",
    "authentication web1",
  ]);
});

test("a person's time does not count", () => {
  const { clock, steps } = openSteps();
  steps.mark("authentication", web);
  clock.now = 5;
  steps.mark("asking", web);
  clock.now = 5000;
  steps.mark("answered", web);
  clock.now = 5003;
  steps.end("done");
  expect(lines(steps.steps)).toEqual(["authentication ann@10.0.0.1:22 done 8"]);
});

test("of a login that is tried again only the last time counts, and a hop that was reused has one step", () => {
  const { clock, steps } = openSteps();
  steps.mark("reused", gate);
  for (const now of [100, 200]) {
    for (const name of ["connect", "hostKey"] as const) steps.mark(name, web);
    clock.now = now;
    steps.mark("asking", web);
    steps.mark("answered", web);
  }
  steps.mark("authentication", web);
  steps.end("skipped", "why");
  steps.end("failed");
  expect(lines(steps.steps)).toEqual([
    "connect ann@[::1]:22 reused",
    "connect ann@10.0.0.1:22 done 0",
    "hostKey ann@10.0.0.1:22 done 100",
    "authentication ann@10.0.0.1:22 skipped",
  ]);
});
