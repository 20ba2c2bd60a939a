import { randomBytes, randomInt } from "node:crypto";
import { type AnsweredRun, runAnswered } from "../answered-run.ts";
import type { TestDaemon } from "../daemon.ts";
import { openNoisySource, sha256 } from "../durable.ts";
import { processesOf } from "../processes.ts";
import type { RunReading } from "../run-stream.ts";

export const loginMethods = ["publickey", "password", "keyboard-interactive"] as const;
type LoginMethod = (typeof loginMethods)[number];

/** The names under which ~/.ssh/config has a server. */
export const names = {
  /** By all that the server wants. */
  whole: "whole",
  /** By one method alone. */
  publickey: "by-publickey",
  password: "by-password",
  "keyboard-interactive": "by-keyboard-interactive",
  /** Another server, behind this one. */
  behind: "behind",
} as const;

export interface Probed {
  readonly daemon: TestDaemon;
  readonly user: string;
  /** The methods that the server names before anything else, as `ssh` hears them. */
  readonly offered: readonly string[];
  /** What answers a question of the server. */
  readonly answer: (label: string) => string;
}

type Run = Partial<Omit<AnsweredRun, "answer">>;

/** A run to its end, on the whole server where no other host is named, with every question answered. */
function run({ daemon, answer }: Probed, command: string, options: Run = {}): Promise<RunReading> {
  return runAnswered(daemon, command, {
    host: names.whole,
    ...options,
    answer: ({ fields }) => ({ answers: fields.map(({ label }) => answer(label)) }),
  });
}

/** What became of a run, in a word or two. */
function endOf(reading: RunReading): string {
  const { outcome, exitCode, signal } = reading.complete;
  if (outcome === "exited") return `exit ${exitCode}`;
  if (outcome === "signaled") return `SIG${signal}`;
  return outcome === "failed" ? `no: ${reading.problem.code}` : outcome;
}

async function login(probed: Probed, method: LoginMethod): Promise<string> {
  const reading = await run(probed, "id -un", { host: names[method] });
  if (reading.text() === `${probed.user}\n`) return "yes";
  const end = endOf(reading);
  if (end !== "no: authentication_failed") return end;
  if (!probed.offered.includes(method)) return "not offered";
  return reading.problem.message.includes("wants more") ? "not alone" : end;
}

async function transport({ daemon }: Probed): Promise<string> {
  const { items } = await daemon.client.call("listConnections");
  const used = new Set(items.filter(({ host }) => host === names.whole).map((item) => item.transport));
  return used.size === 0 ? "none" : [...used].toSorted().join(", ");
}

async function output(probed: Probed): Promise<string> {
  await using source = await openNoisySource(1 << 20, 4, "0");
  const reading = await run(probed, source.command);
  const { stdout, stderr } = reading.complete.sha256;
  return stdout === source.sha256.stdout && stderr === source.sha256.stderr ? "yes" : endOf(reading);
}

async function standardInput(probed: Probed): Promise<string> {
  const stdin = randomBytes(300_000).toString("base64");
  const reading = await run(probed, "sha256sum", { stdin });
  return reading.text() === `${sha256(Buffer.from(stdin))}  -\n` ? "yes" : endOf(reading);
}

async function terminal(probed: Probed): Promise<string> {
  const command = 'test -t 0 && echo "$TERM $(stty size)"';
  const reading = await run(probed, command, { pty: true });
  if (reading.text().trim() === "xterm-256color 24 80") return "yes";
  return endOf(reading) === "no: channel_refused" ? "not offered" : endOf(reading);
}

/** Of a command with something in the background, which no signal to the command itself would end. */
async function cancel(probed: Probed): Promise<string> {
  const { client } = probed.daemon;
  let asked = false;
  // Found again whatever else sleeps.
  const seconds = `300.${randomInt(1e9)}`;
  const command = `sleep ${seconds} & echo up; sleep ${seconds}`;
  const told: Run["told"] = (current, { type }) => {
    if (asked || type !== "output" || !current.text().includes("up\n")) return undefined;
    asked = true;
    return client.call("cancelRun", { params: { run: current.id }, body: { graceMs: 1000 } });
  };
  const reading = await run(probed, command, { told });
  const { outcome, stopConfirmed } = reading.complete;
  if (outcome !== "cancelled") return endOf(reading);
  const gone = (await processesOf(probed.user, new RegExp(`^sleep ${seconds}$`))).length === 0;
  if (stopConfirmed === true) return gone ? "yes" : "confirmed, and untrue";
  return gone ? "ended, not confirmed" : "not confirmed";
}

async function durable(probed: Probed): Promise<string> {
  const options = { durable: true, stdin: "in" };
  const reading = await run(probed, "cat; echo err >&2; exit 3", options);
  const same = reading.text() === "in" && reading.text("stderr") === "err\n";
  const end = endOf(reading);
  return same && end === "exit 3" ? "yes" : end;
}

/** Of the second run, or one soon after: servers free a session late, and with one alone that takes another connection. */
async function reuse(probed: Probed): Promise<string> {
  for (let tries = 0; tries < 20; tries += 1) {
    const reading = await run(probed, "true");
    if (reading.complete.outcome === "failed") return endOf(reading);
    const record = await probed.daemon.client.call("getRun", { params: { run: reading.id } });
    if (record.reusedConnection) return "yes";
  }
  return "no";
}

/** Whether the command ends as `expected`. */
async function ending(probed: Probed, [command, expected]: readonly [string, string], host: string) {
  const end = endOf(await run(probed, command, { host }));
  return end === expected ? "yes" : end;
}

/** In this order: the connection of one is there for those after it. */
const probes: Readonly<Record<string, (probed: Probed) => Promise<string>>> = {
  key: (probed) => login(probed, "publickey"),
  password: (probed) => login(probed, "password"),
  "keyboard-interactive": (probed) => login(probed, "keyboard-interactive"),
  "exit code": (probed) => ending(probed, ["exit 3", "exit 3"], names.whole),
  transport,
  signal: (probed) => ending(probed, ["kill -USR1 $$; exit 3", "SIGUSR1"], names.whole),
  output,
  input: standardInput,
  terminal,
  cancel,
  durable,
  jump: (probed) => ending(probed, ["exit 5", "exit 5"], names.behind),
  reuse,
};

/** Tries every feature, one after the other: a server has limits. */
export async function tryFeatures(probed: Probed): Promise<Record<string, string>> {
  const cells: Record<string, string> = {};
  for (const [feature, probe] of Object.entries(probes)) cells[feature] = await probe(probed);
  return cells;
}
