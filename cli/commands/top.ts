import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { openDaemon } from "../../client/daemon.ts";
import { figureGroups } from "../../protocol/figures.ts";
import { formatSpan } from "../../protocol/span.ts";
import type { Connection, Stats } from "../../protocol/stats.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, parseSpan, takeWords, UsageError } from "../command.ts";
import { print, printJson } from "../console.ts";
import { paint } from "../colour.ts";
import { sheet, table } from "../table.ts";

const defaultEveryMs = 2000;
const minEveryMs = 200;
/** q, Ctrl+C, Ctrl+D and Escape. */
const endKeys = ["q", "\u0003", "\u0004", "\u001b"];
const bars = "▁▂▃▄▅▆▇█";
/** xterm's other screen, without a cursor; and back. */
const [enter, leave, home, clearBelow] = [
  "\u001b[?1049h\u001b[?25l",
  "\u001b[?25h\u001b[?1049l",
  "\u001b[H",
  "\u001b[J",
];

export const command: Command = {
  help: `Show what the daemon is doing, live: its runs, connections, latency, cache and store. It is not started.

Usage: hostrun top [--once] [--json] [--every SPAN]

  --once        once, and end; also where standard output is no terminal
  --json        as JSON: {"stats", "connections"}, a line each time
  --every SPAN  between two looks (${defaultEveryMs / 1000}s)

q or Ctrl+C ends it.
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
    await using daemon = await openDaemon();
    const look = async (): Promise<Look> => {
      const [stats, { items }] = await Promise.all([daemon.call("stats"), daemon.call("listConnections")]);
      return { stats, connections: items };
    };
    const show = values.json === true ? printLine : printText;
    if (values.once === true || (!process.stdout.isTTY && values.json !== true)) {
      show(await look());
      return 0;
    }
    if (values.json === true) return await repeat(look, show, everyMs);
    return await onScreen(look, everyMs);
  },
};

interface Look {
  readonly stats: Stats;
  readonly connections: readonly Connection[];
}

function printLine(look: Look): void {
  if (process.stdout.isTTY) printJson(look);
  else print(`${JSON.stringify(look)}\n`);
}

function printText(look: Look): void {
  print(textOf(look).join("\n").concat("\n"));
}

async function repeat(
  look: () => Promise<Look>,
  show: (look: Look) => void,
  everyMs: number,
): Promise<never> {
  for (;;) {
    show(await look());
    if (process.stdout.writableNeedDrain) await once(process.stdout, "drain");
    await wait(everyMs);
  }
}

/** Until a key ends it, on a screen of its own that leaves the terminal as it was. */
async function onScreen(look: () => Promise<Look>, everyMs: number): Promise<number> {
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
      // A terminal that says nothing of its height has 0.
      const room = stdout.rows > 1 ? stdout.rows - 1 : undefined;
      const lines = textOf(await look()).slice(0, room);
      print(`${home}${lines.map((line) => `${line}\u001b[K\n`).join("")}${clearBelow}`);
      const resized = once(stdout, "resize", { signal: over.signal });
      await Promise.race([wait(everyMs, undefined, { signal: over.signal }), resized]).catch(() => undefined);
    }
  } finally {
    print(leave);
    stdin.setRawMode?.(false);
    stdin.pause();
  }
  return 0;
}

/** Lines that are safe on a terminal, however long. */
function textOf({ stats, connections }: Look): string[] {
  const groups = figureGroups(stats, connections).flatMap(({ title, figures }) => [
    paint(title, "bold", process.stdout),
    ...sheet(figures.map(([name, value]) => [`  ${name}`.padEnd(18), value] as const))
      .trimEnd()
      .split("\n"),
  ]);
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

/** Each against the longest. */
function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, Number.MIN_VALUE);
  return values
    .map((value) => bars[Math.min(bars.length - 1, Math.floor((value / most) * bars.length))] ?? "")
    .join("");
}
