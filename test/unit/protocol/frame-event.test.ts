import { expect, test } from "vitest";
import { parseDiscovery } from "../../../protocol/discovery.ts";
import { RunEvent } from "../../../protocol/event.ts";
import { isFrameEvent } from "../../../protocol/frame-event.ts";
import { isProblemDetails, Problem } from "../../../protocol/problem.ts";
import { ProblemDetails } from "../../../protocol/problem-details.ts";

const base = { runId: "0193a7b0-0000-7000-8000-000000000001", timestamp: "2026-01-01T00:00:00.000Z" };
const problem = new Problem("host_key_changed", "It has changed.", {
  issues: [{ path: "a", message: "b" }],
  host: "web1",
  hop: "root@web1:22",
  address: "web1",
  port: 22,
  reason: "any",
  keyType: "ssh-ed25519",
  fingerprint: "SHA256:x",
  key: "AAAA",
  expected: [{ fingerprint: "SHA256:y", keyType: "ssh-ed25519", at: "known_hosts:1" }],
  retryAfterMs: 5,
  written: ["a line"],
}).toJSON();
const hash = "0".repeat(64);
const events = [
  { type: "status", ...base, state: "connecting", message: "Connecting" },
  { type: "status", ...base, state: "running", message: "x", reconnecting: true, banner: "Hello" },
  { type: "status", ...base, state: "running", message: "x", cached: true },
  { type: "error", ...base, problem },
  { type: "gap", ...base, stream: "stderr", from: 0, to: 5 },
  {
    type: "prompt",
    ...base,
    prompt: {
      id: "p1",
      kind: "hostKey",
      runIds: [base.runId],
      host: "web1",
      hop: "root@web1:22",
      user: "root",
      title: "Trust it?",
      instructions: "",
      attempt: 1,
      fields: [{ label: "Trust this key?", echo: true }],
      key: {
        keyType: "ssh-ed25519",
        fingerprint: "SHA256:x",
        randomart: "",
        key: "AAAA",
        knownAs: ["web2"],
      },
      createdAt: base.timestamp,
      expiresAt: base.timestamp,
    },
  },
  { type: "promptClosed", ...base, promptId: "p1", outcome: "answered" },
  {
    type: "complete",
    ...base,
    outcome: "exited",
    exitCode: 3,
    signal: null,
    stopConfirmed: true,
    durationMs: 5,
    stdoutBytes: 1,
    stderrBytes: 2,
    truncatedBytes: 0,
    sha256: { stdout: hash, stderr: null },
  },
];
const replacements = [undefined, null, "x", "", -1, 1.5, 7, true, false, [], {}, ["x"], [null], hash];

/** The value with each of its members, at any depth, replaced by each of these. */
function* mutants(value: unknown): Generator {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const changed = [...replacements, ...mutants(member)];
    for (const other of changed) {
      yield Array.isArray(value)
        ? value.with(Number(name), other)
        : Object.fromEntries(
            Object.entries(value).map((entry) => (entry[0] === name ? [name, other] : entry)),
          );
    }
  }
}

test("an event is taken from a frame if and only if its schema takes it", () => {
  for (const event of events) {
    expect(isFrameEvent(event)).toBe(true);
    for (const mutant of mutants(event)) {
      expect(isFrameEvent(mutant), JSON.stringify(mutant)).toBe(RunEvent.safeParse(mutant).success);
    }
  }
});

test("of the first event it is enough which run it is; output is none", () => {
  expect(isFrameEvent({ type: "init", ...base, run: { id: base.runId } })).toBe(true);
  expect(isFrameEvent({ type: "init", timestamp: base.timestamp })).toBe(false);
  expect(isFrameEvent({ type: "output", ...base, stream: "stdout", offset: 0, data: "x" })).toBe(false);
  expect(isFrameEvent({ type: "toString", ...base })).toBe(false);
  expect(isFrameEvent(null)).toBe(false);
});

test("a problem is one if and only if its schema takes it", () => {
  expect(isProblemDetails(problem)).toBe(true);
  for (const mutant of mutants(problem)) {
    expect(isProblemDetails(mutant), JSON.stringify(mutant)).toBe(ProblemDetails.safeParse(mutant).success);
  }
});

test("what no daemon writes tells of none", () => {
  const discovery = {
    pid: 5,
    version: "1.0.0",
    protocol: 1,
    socket: "/run/x",
    url: null,
    token: "t",
    startedAt: base.timestamp,
  };
  expect(parseDiscovery(discovery)).toEqual(discovery);
  for (const name of Object.keys(discovery)) {
    expect(parseDiscovery({ ...discovery, [name]: {} }), name).toBeUndefined();
  }
  expect(parseDiscovery({ ...discovery, pid: 0 })).toBeUndefined();
  expect(parseDiscovery([])).toBeUndefined();
});
