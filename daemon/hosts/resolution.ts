import { parseJump } from "../../protocol/destination.ts";
import type { Host } from "../../protocol/host.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import type { Settings } from "../../protocol/settings.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { plainHopSettings } from "../transport/hop-settings.ts";
import type { Hop, Target } from "../transport/remote.ts";
import { expandPath, type SshConfigHost } from "./ssh-config-values.ts";

export interface ResolutionParts {
  readonly stored: (host: string | number) => Host | undefined;
  /** A host of the SSH config by its alias; undefined when the file does not name it. */
  readonly configured: (alias: string) => Promise<SshConfigHost | undefined>;
  /** What the SSH config says of any name, e.g. by `Host *`; undefined when there is none. */
  readonly matching: (name: string) => Promise<SshConfigHost | undefined>;
  readonly settings: () => Settings;
  readonly home: string;
  /** The name of the user who runs the daemon. */
  readonly localUser: string;
}

export interface Resolved {
  readonly target: Target;
  readonly host: Run["host"];
  readonly loginShell: boolean;
}

const deepest = 8;

/** Finds out where a host is and how to get there: stored hosts first, then the SSH config's. */
export function createResolution(parts: ResolutionParts): (host: string | number) => Promise<Resolved> {
  const way = async (name: string, seen: readonly string[]): Promise<Resolved> => {
    if (seen.includes(name) || seen.length > deepest) {
      throw new Problem(
        "conflict",
        `The jump hosts of ${seen[0]} form a loop: ${[...seen, name].join(" → ")}. Change its jump.`,
      );
    }
    const found = await find(parts, name);
    if (found === undefined) return destination(name, seen);
    return { ...found, target: { ...found.target, jump: await hops(found.jump, [...seen, name]) } };
  };

  /** `user@host:port` that nobody saved: as ssh has it, with what is known of the host and the user and port given here. */
  const destination = async (name: string, seen: readonly string[]): Promise<Resolved> => {
    const { host, user, port } = parseJump(name) ?? { host: name };
    if (user === undefined && port === undefined) throw unknownHost(name);
    const base =
      (await find(parts, host)) === undefined
        ? await unsaved(host, [...seen, name])
        : await way(host, [...seen, name]);
    const given = { ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
    return { ...base, target: { ...base.target, ...given, name }, host: { ...base.host, name } };
  };

  const unsaved = async (name: string, seen: readonly string[]): Promise<Resolved> => {
    const configured = await parts.matching(name);
    if (configured !== undefined) {
      const found = ofConfigured(parts, configured);
      return { ...found, target: { ...found.target, jump: await hops(found.jump, seen) } };
    }
    const target = { ...defaultHop(parts, name), jump: [] };
    return { target, host: { id: null, name, address: name }, loginShell: false };
  };

  /** A bastion may itself be a host with a way of its own: that comes first, as with ssh -J. */
  const hops = async (jump: readonly string[], seen: readonly string[]): Promise<Hop[]> => {
    const all: Hop[] = [];
    for (const text of jump) {
      const { host, user, port } = parseJump(text) ?? { host: text };
      const isNamed = (await find(parts, host)) !== undefined;
      const named = isNamed ? (await way(host, seen)).target : { ...defaultHop(parts, host), jump: [] };
      const { jump: before, ...hop } = named;
      if (all.length === 0) all.push(...before);
      all.push({ ...hop, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) });
    }
    return all;
  };

  return async (host) => {
    if (typeof host === "string") return way(host, []);
    const stored = parts.stored(host);
    if (stored === undefined) throw unknownHost(`with id ${host}`);
    return way(stored.name, []);
  };
}

export function unknownHost(name: string): Problem {
  return new Problem(
    "host_unknown",
    `No host named ${visibleLine(name)}, neither saved nor in ~/.ssh/config. Add it, or name its user: user@host.`,
  );
}

interface Found extends Resolved {
  readonly jump: readonly string[];
}

async function find(parts: ResolutionParts, name: string): Promise<Found | undefined> {
  const stored = parts.stored(name);
  if (stored !== undefined) return ofStored(parts, stored);
  const configured = await parts.configured(name);
  return configured === undefined ? undefined : ofConfigured(parts, configured);
}

/** Without these nothing is known of where the host is, or whom to trust there. */
const needed = ["name", "address", "port", "user", "identityFile", "jump", "hostKeyPolicy"];

function ofStored(parts: ResolutionParts, host: Host): Found {
  const lost = host.damaged?.filter((name) => needed.includes(name)) ?? [];
  if (lost.length > 0) {
    throw new Problem(
      "conflict",
      `The stored settings of ${host.name} are damaged: ${lost.join(", ")}. Set them again (\`hostrun hosts edit ${host.id}\`), or remove the host.`,
      { host: host.name },
    );
  }
  const { id, name, address, jump, loginShell } = host;
  const files = host.identityFile === null ? [] : [expandPath(host.identityFile, parts.home)];
  const defaults = defaultHop(parts, address);
  const target: Target = {
    ...defaults,
    name,
    port: host.port,
    user: host.user ?? defaults.user,
    identityFiles: files,
    hostKeyPolicy: host.hostKeyPolicy ?? defaults.hostKeyPolicy,
    settings: { ...defaults.settings, transport: host.transport },
    jump: [],
  };
  return { target, host: { id, name, address }, loginShell, jump };
}

function ofConfigured(parts: ResolutionParts, host: SshConfigHost): Found {
  const { name, address, jump, identityFiles, identitiesOnly } = host;
  if (host.unsupported !== undefined) {
    throw new Problem(
      "conflict",
      `${name} is reached by ${host.unsupported} in ~/.ssh/config, which Hostrun does not support yet. Use ProxyJump, or save the host with a jump.`,
      { host: name },
    );
  }
  const defaults = defaultHop(parts, address);
  const target: Target = {
    ...defaults,
    name,
    port: host.port ?? defaults.port,
    user: host.user ?? defaults.user,
    identityFiles,
    identitiesOnly,
    jump: [],
  };
  return { target, host: { id: null, name, address }, loginShell: false, jump };
}

function defaultHop(parts: ResolutionParts, address: string): Hop {
  const { defaultPort, defaultUser, hostKeyPolicy } = parts.settings();
  return {
    name: address,
    address,
    port: defaultPort,
    user: defaultUser ?? parts.localUser,
    identityFiles: [],
    identitiesOnly: false,
    hostKeyPolicy,
    settings: plainHopSettings,
  };
}
