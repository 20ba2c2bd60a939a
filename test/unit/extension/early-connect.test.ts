import { expect, test, vi } from "vitest";
import { EarlyConnect, type PreconnectSetting } from "../../../extension/hosts/early-connect.ts";
import { unsavedHost } from "../../../extension/hosts/unsaved-host.ts";
import type { Host } from "../../../protocol/host.ts";

/** With a daemon that is away. */
function openEarly(setting: PreconnectSetting) {
  const connect = vi.fn((_host: string) => Promise.reject(new Error("away")));
  const log = { debug: vi.fn() };
  const early = new EarlyConnect({ connect, log, setting: () => setting });
  return { early, log, asked: () => connect.mock.calls.map(([host]) => host) };
}

const web = (name: string, more: Partial<Host> = {}): Host => {
  const host = unsavedHost([], "root@web");
  if (host === undefined) throw new Error("no host");
  return { ...host, name, ...more };
};

test("by default no host is connected to ahead", () => {
  const { early, asked } = openEarly("off");
  early.asked([web("web1", { tags: ["pinned"] })]);
  early.considered(web("web1"));
  early.chosen(web("web1"));
  expect(asked()).toEqual([]);
});

test("the pinned ones are, four at most and no production host, and that it failed is for the debug log", async () => {
  const { early, asked, log } = openEarly("pinned");
  const names = ["a", "b", "c", "d", "e"];
  const pinned = names.map((name) => web(name, { tags: ["pinned"], production: name === "b" }));
  early.asked([web("other"), ...pinned]);
  early.chosen(web("other"));
  expect(asked()).toEqual(["a", "c", "d", "e"]);
  await vi.waitFor(() => expect(log.debug).toHaveBeenCalledTimes(4));
});

test("a host at hand is connected to once the person rests at it, and one that was chosen at once", () => {
  vi.useFakeTimers();
  try {
    const { early, asked } = openEarly("chosen");
    early.considered(web("passed"));
    vi.advanceTimersByTime(249);
    early.considered(web("meant"));
    vi.advanceTimersByTime(250);
    early.considered(web("left"));
    early.considered(undefined);
    early.considered(web("gone"));
    early.dispose();
    vi.advanceTimersByTime(1000);
    expect(asked()).toEqual(["meant"]);
    early.chosen(web("saved", { id: 7 }));
    early.chosen(web("prod", { production: true }));
    expect(asked()).toEqual(["meant", "7"]);
  } finally {
    vi.useRealTimers();
  }
});
