import { expect, test } from "vitest";
import { type HostLogin, HostStates } from "../../../extension/hosts/host-states.ts";
import { Problem } from "../../../protocol/problem.ts";
import type { Run } from "../../../protocol/run.ts";
import type { Connection } from "../../../protocol/stats.ts";

const connection: Connection = {
  id: "c1",
  host: "web1",
  user: "deploy",
  address: "10.0.0.5",
  port: 22,
  jump: [],
  state: "idle",
  channels: 0,
  openedAt: "2026-11-23T03:00:00.000Z",
  runs: 1,
  server: null,
  kex: "curve25519-sha256",
  cipher: "aes128-gcm@openssh.com",
  mac: "",
  hostKeyType: "ssh-ed25519",
  hostKeyFingerprint: null,
  transport: "ssh2",
  transportReason: null,
};

function run(sequence: number, change: Partial<Run>): Run {
  return {
    id: `0193a7b0-0000-7000-8000-00000000000${sequence}`,
    jobId: null,
    host: { id: 1, name: "web1", address: "10.0.0.5" },
    command: "uptime",
    options: {},
    state: "ended",
    outcome: "exited",
    exitCode: 0,
    signal: null,
    problem: null,
    createdAt: "2026-11-23T03:00:00.000Z",
    startedAt: null,
    endedAt: null,
    stdoutBytes: 0,
    stderrBytes: 0,
    truncatedBytes: 0,
    cached: false,
    stopConfirmed: null,
    pinned: false,
    note: null,
    reusedConnection: false,
    timings: { queueMs: null, connectMs: null, channelMs: null, firstByteMs: null, totalMs: null },
    ...change,
  };
}

/** On machines of their own, but for what is given. */
function login(name: string, fields: Partial<HostLogin> = {}): HostLogin {
  return { name, address: name, port: 22, user: "deploy", jump: [], ...fields };
}

const unreachable = new Problem("host_unreachable", "web1 could not be reached.").toJSON();
const failed = { outcome: "failed", exitCode: null, problem: unreachable } as const;

test("a host is idle until something is known of it, and connected while a connection is up", () => {
  const states = new HostStates();
  expect(states.of(login("web1")).kind).toBe("idle");
  states.opened({ ...connection, state: "connecting" });
  expect(states.of(login("web1")).kind).toBe("idle");
  states.opened(connection);
  states.opened({ ...connection, id: "c2" });
  states.closed(connection);
  expect(states.of(login("web1")).kind).toBe("connected");
  expect(states.of(login("web2")).kind).toBe("idle");
  states.closed({ ...connection, id: "c2" });
  expect(states.of(login("web1")).kind).toBe("idle");
});

test("a failed connection marks the host, with the reason, until one gets through", () => {
  const states = new HostStates();
  states.ran(run(1, failed));
  expect(states.of(login("web1"))).toEqual({
    kind: "failed",
    title: "The host could not be reached",
    detail: "web1 could not be reached.",
  });
  states.opened(connection);
  expect(states.of(login("web1")).kind).toBe("connected");
  states.closed(connection);
  expect(states.of(login("web1")).kind).toBe("idle");
});

test("only the newest run of a host counts, in whatever order they are read", () => {
  const states = new HostStates();
  states.reset([], [run(2, {}), run(1, failed)]);
  expect(states.of(login("web1")).kind).toBe("idle");
  states.reset([], [run(1, {}), run(2, failed)]);
  expect(states.of(login("web1")).kind).toBe("failed");
});

test("a command that fails on a host that was reached says nothing about the host", () => {
  const states = new HostStates();
  states.ran(run(1, { exitCode: 1 }));
  const lost = new Problem("connection_lost", "gone").toJSON();
  states.ran(run(2, { ...failed, outcome: "unknown", problem: lost }));
  expect(states.of(login("web1")).kind).toBe("idle");
});

test("a host whose runs go over the connection of another one is connected, too", () => {
  const states = new HostStates();
  states.opened({ ...connection, jump: ["bastion"] });
  const of = (fields: Partial<HostLogin>): string =>
    states.of(login("alias", { address: "10.0.0.5", jump: ["me@bastion"], ...fields })).kind;
  expect(of({})).toBe("connected");
  expect(of({ user: "root" })).toBe("idle");
  expect(of({ port: 2222 })).toBe("idle");
  expect(of({ jump: ["other"] })).toBe("idle");
  expect(of({ address: "10.0.0.6" })).toBe("idle");
  states.closed(connection);
  expect(of({})).toBe("idle");
});

test("a host whose last attempt failed is not connected because another one of the same machine is", () => {
  const states = new HostStates();
  const alias = login("alias", { address: "10.0.0.5" });
  states.opened(connection);
  expect(states.of(alias).kind).toBe("connected");
  const host = { id: 2, name: "alias", address: "10.0.0.5" };
  states.ran(run(1, { ...failed, host }));
  expect(states.of(alias).kind).toBe("failed");
  expect(states.of(login("web1", { address: "10.0.0.5" })).kind).toBe("connected");
  // Its next run gets through, over that connection.
  states.ran(run(2, { host }));
  expect(states.of(alias).kind).toBe("connected");
});
