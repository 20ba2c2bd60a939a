import type { ToPanel } from "../../protocol/panel.ts";
import type { Run } from "../../protocol/run.ts";

type Message<Type extends ToPanel["type"]> = Extract<ToPanel, { type: Type }>;

/** A run that goes on. */
export const run: Run = {
  id: "01936d6e-1111-7abc-8def-0123456789ab",
  jobId: null,
  host: { id: 7, name: "web1", address: "10.0.0.5" },
  command: "journalctl -u nginx --since -1h | grep -c 502 && systemctl status nginx",
  options: {},
  state: "running",
  outcome: null,
  exitCode: null,
  signal: null,
  problem: null,
  createdAt: "2026-11-22T21:43:00.000Z",
  startedAt: "2026-11-22T21:43:00.100Z",
  endedAt: null,
  stdoutBytes: 0,
  stderrBytes: 0,
  truncatedBytes: 0,
  cached: false,
  stopConfirmed: null,
  pinned: false,
  note: null,
  reusedConnection: true,
  timings: { queueMs: 0, connectMs: null, channelMs: 2, firstByteMs: 6, totalMs: null },
};

/** The `show` of that run. */
export function show(overrides: Partial<Run> = {}, more: Partial<Message<"show">> = {}): Message<"show"> {
  return {
    type: "show",
    run: { ...run, ...overrides },
    host: { name: "web1", where: "deploy@10.0.0.5:2222", production: true },
    look: {
      fontFamily: "'DejaVu Sans Mono', monospace",
      fontSize: 12.5,
      lineHeight: 1.2,
      scrollback: 5000,
      screenReader: false,
      reducedMotion: false,
    },
    words: {},
    elapsedMs: 4200,
    ...more,
  };
}

export const stdout = (data: string): ToPanel => ({ type: "output", chunks: [{ stream: "stdout", data }] });
export const stderr = (data: string): ToPanel => ({ type: "output", chunks: [{ stream: "stderr", data }] });

export function complete(overrides: Partial<Message<"complete">> = {}): Message<"complete"> {
  const ending = { outcome: "exited", exitCode: 0, signal: null } as const;
  return { type: "complete", ...ending, durationMs: 4249, detail: null, ...overrides };
}
