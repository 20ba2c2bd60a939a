import type { Discovery } from "../../protocol/discovery.ts";
import { ListenText } from "../../protocol/listen-address.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";

export const command: Command = {
  help: `Start the daemon in the background, unless it runs already.

Usage: hostrun start [--listen ADDRESS]

  --listen ADDRESS  listen on TCP as well: 127.0.0.1:PORT or [::1]:PORT, where port 0 is any that is free;
                    clients need the token that \`hostrun token\` shows

Every other command starts it by itself when it is needed.
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { listen: { type: "string" } });
    takeWords(positionals);
    const { listen } = values;
    const { url } = await startDaemon(listenArguments(listen));
    if (listen === undefined || isAt(url, listen)) return 0;
    throw new Problem(
      "conflict",
      `The daemon runs already, and ${placeOn(url)}. \`hostrun restart --listen ${listen}\` starts it anew.`,
    );
  },
};

/** Starts the daemon with these arguments, unless it runs; prints where it is. */
export async function startDaemon(daemonArguments: readonly string[]): Promise<Discovery> {
  await using daemon = await reachDaemon({ daemonArguments });
  const { pid, version } = daemon.health;
  const { socket, url } = daemon.discovery;
  const also = url === null ? "" : ` and ${url}`;
  print(`Hostrun ${version} is running as process ${pid}, on ${socket}${also}\n`);
  return daemon.discovery;
}

/** A clause on where a daemon with this URL listens. */
export function placeOn(url: string | null): string {
  return url === null ? "does not listen on TCP" : `listens on ${new URL(url).host}`;
}

/** The daemon's arguments for `listen`. Throws a UsageError for an invalid address. */
export function listenArguments(listen: string | undefined): string[] {
  if (listen === undefined) return [];
  const why = ListenText.safeParse(listen).error?.issues[0]?.message;
  if (why !== undefined) throw new UsageError(`--listen is "${listen}", but ${why}.`);
  return ["--listen", listen];
}

/** Whether a daemon with this URL listens on the address as it was given; port 0 stands for any. */
export function isAt(url: string | null, listen: string): boolean {
  const wanted = `http://${listen}`;
  return wanted.endsWith(":0") ? url?.startsWith(wanted.slice(0, -1)) === true : url === wanted;
}
