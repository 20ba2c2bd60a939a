import { parseJump } from "../../protocol/destination.ts";
import type { HostWorker } from "../../protocol/host.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import type { Hop, Target } from "../transport/remote.ts";
import type { SessionSettings } from "../transport/session-settings.ts";
import type { FoundHost, HostLookup } from "./host-lookup.ts";

export interface Resolved {
  readonly target: Target;
  readonly host: Run["host"];
  readonly loginShell: boolean;
  readonly worker: HostWorker;
  readonly session: SessionSettings;
}

const maxDepth = 8;

/** Resolves a host and the way to it, with all its jump hosts. */
export function createResolution(
  lookup: Pick<HostLookup, "find" | "hop">,
): (host: string | number) => Promise<Resolved> {
  /** Only the first jump host is reached through its own jump hosts, as with ssh -J; the others through the one before. */
  const hops = async (jump: readonly string[], seen: readonly string[]): Promise<Hop[]> => {
    const all: Hop[] = [];
    for (const text of jump) {
      const { host } = parseJump(text) ?? { host: text };
      refuseLoop(host, seen);
      const found = await lookup.hop(text);
      const isFirst = all.length === 0;
      if (isFirst) all.push(...(await hops(found.jump, [...seen, host])));
      const { settings } = found.hop;
      const own = isFirst ? settings : { ...settings, proxyCommand: null };
      all.push({ ...found.hop, name: host, settings: own });
    }
    return all;
  };

  return async (name) => {
    const { stored, hop, jump, effective, ...how }: FoundHost = await lookup.find(name);
    const own = typeof name === "string" ? (parseJump(name)?.host ?? name) : hop.name;
    const target = { ...hop, jump: await hops(jump, [own]) };
    const host = { id: stored?.id ?? null, name: hop.name, address: hop.address };
    const { loginShell, worker } = how;
    return { target, host, loginShell, worker, session: effective.session };
  };
}

function refuseLoop(name: string, seen: readonly string[]): void {
  const [host = name] = seen;
  if (!seen.includes(name) && seen.length <= maxDepth) return;
  throw new Problem(
    "conflict",
    `The jump hosts of ${host} form a loop: ${[...seen, name].join(" → ")}. Change its jump hosts; in the SSH config they are its ProxyJump.`,
    { host },
  );
}
