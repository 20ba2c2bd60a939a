import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { type Daemon, openDaemon } from "../../client/daemon.ts";
import { metricGroups } from "../../protocol/metric-groups.ts";
import { Problem } from "../../protocol/problem.ts";
import { formatSpan } from "../../protocol/span.ts";
import type { Connection, Stats } from "../../protocol/stats.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, parseSpan, takeWords, UsageError } from "../command.ts";
import { print, printJson, warn } from "../console.ts";
import { paint } from "../colour.ts";
import { sheet, table } from "../table.ts";

const defaultEveryMs = 2000;
const minEveryMs = 200;
/** q, Ctrl+C, Ctrl+D and Escape. */
const endKeys = ["q", "\u0003", "\u0004", "\u001b"];
const bars = "▁▂▃▄▅▆▇█";
const away = "The daemon does not answer; it is looked for again.";
/** xterm's alternate screen, with the cursor hidden; and back. */
const [enter, leave, home, clearBelow] = [
  "\u001b[?1049h\u001b[?25l",
  "\u001b[?25h\u001b[?1049l",
  "\u001b[H",
  "\u001b[J",
];

export const command: Command = {
  help: `Show what the daemon is doing, live: its runs, connections, latency, cache and store.

Usage: hostrun top [--once] [--json] [--every TIME]

  --once        once, and end; also where standard output is no terminal
  --json        as JSON: {"stats", "connections"}, a line each time
  --every TIME  between two looks (${defaultEveryMs / 1000}s)

\`hostrun top\` does not start the daemon, and ends with q or Ctrl+C.
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      once: { type: "boolean" },
      json: { type: "boolean" },
      every: { type: "string" },
    });
    takeWords(positionals);
    const everyMs = values.every === undefined ? defaultEveryMs : parseSpan(values.every, "--every");
    if (everyMs < minEveryMs) throw new UsageError(`--every must be ${minEveryMs} ms or more.`);
    await using source = new Source(await openDaemon());
    const show = values.json === true ? printLine : printText;
    if (values.once === true || (!process.stdout.isTTY && values.json !== true)) {
      show(await source.look());
      return 0;
    }
    if (values.json === true) return await repeat(source, show, everyMs);
    return await onScreen(source, everyMs);
  },
};

interface Look {
  readonly stats: Stats;
  readonly connections: readonly Connection[];
}

/** The daemon, and its successor after a restart. */
class Source implements AsyncDisposable {
  #daemon: Daemon | undefined;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
  }

  /** Rejects with `daemon_unreachable` while no daemon answers. */
  async look(): Promise<Look> {
    this.#daemon ??= await openDaemon();
    const daemon = this.#daemon;
    const [stats, { items }] = await Promise.all([daemon.call("stats"), daemon.call("listConnections")]);
    return { stats, connections: items };
  }

  /** The same, but returns the message to show while no daemon answers. */
  async lookOrWhy(): Promise<Look | string> {
    try {
      return await this.look();
    } catch (failure) {
      if (!(failure instanceof Problem) || failure.code !== "daemon_unreachable") throw failure;
      await this[Symbol.asyncDispose]();
      return failure.message;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.[Symbol.asyncDispose]();
    this.#daemon = undefined;
  }
}

function printLine(look: Look): void {
  if (process.stdout.isTTY) printJson(look);
  else print(`${JSON.stringify(look)}\n`);
}

function printText(look: Look): void {
  print(textOf(look).join("\n").concat("\n"));
}

async function repeat(source: Source, show: (look: Look) => void, everyMs: number): Promise<never> {
  for (;;) {
    const found = await source.lookOrWhy();
    if (typeof found === "string") warn(`${away} ${found}`);
    else show(found);
    if (process.stdout.writableNeedDrain) await once(process.stdout, "drain");
    await wait(everyMs);
  }
}

/** Runs until a key ends it, on the alternate screen, which leaves the terminal as it was. */
async function onScreen(source: Source, everyMs: number): Promise<number> {
  const over = new AbortController();
  const end = (): void => over.abort();
  const { stdin, stdout } = process;
  stdin.setRawMode?.(true);
  stdin.on("data", (keys) => {
    if ([...keys.toString()].some((key) => endKeys.includes(key))) end();
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, end);
  print(enter);
  try {
    while (!over.signal.aborted) {
      const found = await source.lookOrWhy();
      const lines = typeof found === "string" ? [away, cut(visible(found), stdout)] : fitting(found, stdout);
      print(`${home}${lines.map((line) => `${line}\u001b[K\n`).join("")}${clearBelow}`);
      // Aborted after each wait, so that no listeners accumulate.
      const looked = new AbortController();
      const signal = AbortSignal.any([over.signal, looked.signal]);
      const waits = [wait(everyMs, undefined, { signal }), once(stdout, "resize", { signal })];
      await Promise.race(waits).catch(() => undefined);
      looked.abort();
      await Promise.allSettled(waits);
    }
  } finally {
    print(leave);
    stdin.setRawMode?.(false);
    stdin.pause();
  }
  return 0;
}

type Size = Pick<NodeJS.WriteStream, "rows" | "columns">;

function cut(text: string, { columns }: Pick<Size, "columns">): string {
  return columns > 0 ? text.slice(0, columns) : text;
}

/** The lines that fit; on a small terminal one line per group, so that the hosts remain visible. */
function fitting(look: Look, terminal: Size): string[] {
  const { rows } = terminal;
  // A terminal that does not report its height has 0.
  const room = rows > 1 ? rows - 1 : Number.POSITIVE_INFINITY;
  const lines = textOf(look);
  return lines.length <= room ? lines : shortTextOf(look, terminal).slice(0, room);
}

/** Lines that are safe for a terminal, of any length. */
function textOf({ stats, connections }: Look): string[] {
  const groups = metricGroups(stats, connections).flatMap(({ title, metrics }) => [
    paint(title, "bold", process.stdout),
    ...sheet(metrics.map(([name, value]) => [`  ${name}`.padEnd(18), value] as const))
      .trimEnd()
      .split("\n"),
  ]);
  return [...groups, ...hostLines(stats), ...connectionLines(connections)];
}

/** The same in fewer lines, none of them longer than the terminal is wide. */
function shortTextOf({ stats, connections }: Look, { columns }: Size): string[] {
  const groups = metricGroups(stats, connections).map(({ title, metrics }) => {
    const values = metrics.map(([name, value]) => `${name.toLowerCase()} ${visible(value)}`).join("; ");
    const head = `${title.padEnd(12)} `;
    return `${paint(head, "bold", process.stdout)}${cut(values, { columns: columns - head.length })}`;
  });
  return [...groups, ...hostLines(stats), ...connectionLines(connections)];
}

function hostLines({ latency: { hosts } }: Stats): string[] {
  if (hosts.length === 0) return [];
  const rows = hosts.map(({ host, warm, cold, latest }) => [
    host,
    String(warm.count),
    formatSpan(warm.p50),
    formatSpan(warm.p99),
    String(cold.count),
    formatSpan(cold.p50),
    formatSpan(cold.p99),
    sparkline(latest.map(({ totalMs }) => totalMs)),
  ]);
  const heads = ["HOST", "WARM", "MEDIAN", "P99", "COLD", "MEDIAN", "P99", "LATEST"];
  return ["", ...table(heads, rows).trimEnd().split("\n")];
}

function connectionLines(connections: readonly Connection[]): string[] {
  if (connections.length === 0) return [];
  const rows = connections.map(
    ({ id, host, user, address, port, state, channels, runs, transport, cipher }) => [
      id,
      host,
      `${user}@${address}:${port}`,
      state,
      String(channels),
      String(runs),
      `${transport} ${visible(cipher ?? "")}`.trim(),
    ],
  );
  const heads = ["CONNECTION", "HOST", "LOGIN", "STATE", "CHANNELS", "RUNS", "TRANSPORT"];
  return ["", ...table(heads, rows).trimEnd().split("\n")];
}

/** Scales each value to the largest. */
function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, Number.MIN_VALUE);
  return values
    .map((value) => bars[Math.min(bars.length - 1, Math.floor((value / most) * bars.length))] ?? "")
    .join("");
}
