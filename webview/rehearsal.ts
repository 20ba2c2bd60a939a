import { ToPanel } from "../protocol/panel.ts";
import type { Run } from "../protocol/run.ts";
import type { RunPanel } from "./run-panel.ts";

type Following = Parameters<RunPanel["receive"]>[0];

const at = new Date(0).toISOString();

const run: Run = {
  id: "00000000-0000-7000-8000-000000000000",
  jobId: null,
  host: { id: null, name: "host", address: "host" },
  command: "command",
  options: {},
  state: "connecting",
  outcome: null,
  exitCode: null,
  signal: null,
  problem: null,
  createdAt: at,
  startedAt: null,
  endedAt: null,
  stdoutBytes: 0,
  stderrBytes: 0,
  truncatedBytes: 0,
  cached: false,
  stopConfirmed: null,
  pinned: false,
  note: null,
  reusedConnection: true,
  timings: { queueMs: null, connectMs: null, channelMs: null, firstByteMs: null, totalMs: null },
};

/** The printable ASCII characters, a few at a time: xterm.js measures each when it first appears, which forces a layout. */
const outputs = [
  " !\"#$%&'()*+,-./",
  "0123456789:;<=>?",
  "@ABCDEFGHIJKLMNO",
  "PQRSTUVWXYZ[\\]^_",
  "`abcdefghijklmno",
  "pqrstuvwxyz{|}~",
];

const following: readonly Following[] = [
  { type: "log", at, message: "message" },
  { type: "status", state: "running", message: "", detail: null },
  ...outputs.map((data): Following => ({ type: "output", chunks: [{ stream: "stdout", data }], ageMs: 0 })),
];
const ending: Following = {
  type: "complete",
  outcome: "exited",
  exitCode: 0,
  signal: null,
  durationMs: 0,
  detail: "",
};

/**
 * Shows an invented run in a hidden page, one message per frame. A browser takes several times as long for the first
 * pass through this code, its layout and its styles as for the next one: so it happens while the command is typed.
 */
export async function rehearse(
  panel: RunPanel,
  { look, words }: Extract<ToPanel, { type: "prepare" }>,
  signal: AbortSignal,
): Promise<void> {
  const host = { name: "host", where: "user@host", production: false };
  const show = { type: "show", run, host, look, words, elapsedMs: 0 } as const;
  ToPanel.parse(show);
  panel.show(show);
  for (const message of following) {
    await frame();
    if (signal.aborted) return;
    ToPanel.parse(message);
    panel.receive(message);
  }
  // xterm.js renders a frame or two later.
  for (let count = 0; count < 3; count += 1) await frame();
  if (signal.aborted) return;
  // Clears the screen, so that the first real run does not have to.
  panel.show(show);
  panel.receive(ending);
}

function frame(): Promise<unknown> {
  return new Promise(requestAnimationFrame);
}
