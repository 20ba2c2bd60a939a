import { openDaemon } from "../../client/daemon.ts";
import { isNotRunning } from "../../client/discover.ts";
import { placesIn } from "../../client/places.ts";
import { formatCount } from "../../protocol/count.ts";
import type { Discovery } from "../../protocol/discovery.ts";
import { latencyText } from "../../protocol/metric-groups.ts";
import { formatBytes } from "../../protocol/size.ts";
import type { Stats } from "../../protocol/stats.ts";
import type { Command } from "../command.ts";
import { damagedStoreText } from "../damaged-store.ts";
import { parseOptions, takeWords } from "../command.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";
import { formatSpan } from "../../protocol/span.ts";
import { instantOf } from "../runs/describe.ts";
import { sheet } from "../table.ts";

/** The Linux Standard Base's exit status for a service that is not running. */
const notRunningStatus = 3;

export const command: Command = {
  help: `Show whether the daemon runs, and how it is doing.

Usage: hostrun status [OPTION...]

${formatHelp}
\`hostrun status\` does not start the daemon. Exit status: 0 when the daemon runs, 3 when it does not.
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, formatOptions);
    takeWords(positionals);
    const format = parseFormat(values);
    try {
      await using daemon = await openDaemon({ keepConnections: false });
      const stats = await daemon.call("stats");
      showOne(format, { running: true, ...daemon.health, ...stats }, () =>
        sheet(entriesOf(stats, daemon.health.status, daemon.discovery)),
      );
      return 0;
    } catch (error) {
      if (!isNotRunning(error)) throw error;
      const message = `The daemon of ${placesIn().directory} is not running. Start it with \`hostrun start\`.\n`;
      if (format === undefined || format === "json") showOne(format, { running: false }, () => message);
      return notRunningStatus;
    }
  },
};

function entriesOf(stats: Stats, status: string, { socket, url }: Discovery): [string, string][] {
  const { daemon, runs, pool, latency, cache, store, streams } = stats;
  const idle = pool.idle === 0 ? "" : `, ${pool.idle} idle`;
  return [
    ["Daemon", `Hostrun ${daemon.version}, process ${daemon.pid}${status === "ok" ? "" : `, ${status}`}`],
    ["Since", `${instantOf(daemon.startedAt)} (${formatSpan(daemon.uptimeMs)})`],
    ["Socket", socket],
    ...(url === null ? [] : [["URL", url] satisfies [string, string]]),
    ["Memory", formatBytes(daemon.rssBytes)],
    ["Runs", `${runs.running} running, ${runs.connecting} connecting, ${runs.queued} queued`],
    [
      "Connections",
      `${pool.connections}${idle}; ${pool.opened} opened, reused ${formatCount(pool.reused, "time")}`,
    ],
    ["Warm runs", latencyText(latency.warm)],
    ["Cold runs", latencyText(latency.cold)],
    ["Cache", `${cache.backend}${troubleOf(cache)}, ${cacheCounts(cache)}`],
    ["Store", storeText(store)],
    ["Streams", `${streams.open} open`],
    ...damagedText(store),
  ];
}

function cacheCounts({ hits, misses }: Stats["cache"]): string {
  return `${formatCount(hits, "hit")}, ${formatCount(misses, "miss", "misses")}`;
}

function troubleOf({ connected, problem }: Stats["cache"]): string {
  if (connected) return problem === null ? "" : ` (refuses: ${problem})`;
  return problem === null ? " (not connected)" : ` (not connected: ${problem})`;
}

function storeText({ runs, sizeBytes, journalMode, problem }: Stats["store"]): string {
  if (runs === null || sizeBytes === null) return problem ?? "cannot be read";
  return `${formatCount(runs, "run")}, ${formatBytes(sizeBytes)}, journal ${journalMode}`;
}

function damagedText({ damaged }: Stats["store"]): [string, string][] {
  if (damaged === null) return [];
  return [["Damaged", damagedStoreText(damaged)]];
}
