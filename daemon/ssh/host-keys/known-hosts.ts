import type { KnownHost } from "../../../protocol/known-host.ts";
import { dirname } from "node:path";
import { visibleLine } from "../../../protocol/visible.ts";
import { plainHopSettings } from "../../transport/hop-settings.ts";
import type { Hop } from "../../transport/remote.ts";
import { type HostKeys, HostKeyRecord, type HostKeySources } from "./host-keys.ts";
import { dependsOnKey, runKnownHostsCommand } from "./known-hosts-command.ts";
import {
  hostsMatch,
  knownHostName,
  type KnownHostLine,
  lowerCase,
  type MalformedLine,
} from "./known-hosts-file.ts";
import { describeLine, OwnKnownHosts } from "./own-known-hosts.ts";
import { checkRevoked, type Revocation } from "./revoked-keys.ts";
import { UserKnownHostsFile, type UserKnownHostsParts } from "./user-known-hosts-file.ts";

/** The host whose keys are looked up: its address and the relevant configuration. */
export type HostKeyQuery = Pick<Hop, "name" | "address" | "port" | "user" | "settings">;

/** The host keys in the user's, the system's and Hostrun's own known_hosts files. */
export interface KnownHosts {
  /** Reads files again that have changed. Never rejects. */
  of(hop: HostKeyQuery): Promise<HostKeys>;
  /**
   * Records a key in Hostrun's own file, unless it is recorded already. `conflict` if the host has another key on record,
   * `invalid_request` if `key` is not a public key or `address` could match other hosts.
   */
  add(address: string, port: number, key: Buffer): Promise<KnownHost>;
  /** The entries of Hostrun's own file, then those of the user's and the system's. Never rejects. */
  list(): Promise<KnownHost[]>;
  /** Removes a host from Hostrun's own file, at every port if none is given. Returns the number of entries removed. */
  remove(address: string, port?: number): number;
}

export interface KnownHostsOptions extends UserKnownHostsParts {
  /** Hostrun's own file, the only one that is written (mode 0600). */
  readonly own: string;
  /** Read-only files, used unless a host's configuration names others: ~/.ssh/known_hosts. */
  readonly user: readonly string[];
  /** The system's: /etc/ssh/ssh_known_hosts. */
  readonly global: readonly string[];
  /** For the programs that a look-up runs: KnownHostsCommand, and ssh-keygen for a KRL. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function openKnownHosts(options: KnownHostsOptions): KnownHosts {
  const own = new OwnKnownHosts(options.own, options.log);
  const files = new Map<string, UserKnownHostsFile>();
  const fileAt = (path: string): UserKnownHostsFile => {
    const file = files.get(path) ?? new UserKnownHostsFile(path, options);
    files.delete(path);
    files.set(path, file);
    for (const [oldest] of files) if (files.size > maxFiles) files.delete(oldest);
    return file;
  };
  const of = (hop: HostKeyQuery): Promise<HostKeys> => lookUp(hop, { options, own, fileAt });
  return {
    of,
    async add(address, port, key) {
      const hop = { name: address, address, port, user: "", settings: plainHopSettings };
      return (await of(hop)).add(key);
    },
    async list() {
      const read = await Promise.all([...options.user, ...options.global].map((path) => fileAt(path).read()));
      const others = read.flatMap(({ lines }) => lines);
      return [
        ...own.all().map((line) => describeLine(line, false)),
        ...others.map((line) => describeLine(line, true)),
      ];
    },
    remove: (address, port) => own.remove(address, port),
  };
}

/** A configuration may name a different file for each host. */
const maxFiles = 64;

/** Always empty: a configuration names it so that no keys are recorded. */
const nullDevices: readonly string[] = ["/dev/null", "NUL"];

interface Parts {
  readonly options: KnownHostsOptions;
  readonly own: OwnKnownHosts;
  readonly fileAt: (path: string) => UserKnownHostsFile;
}

async function lookUp(hop: HostKeyQuery, { options, own, fileAt }: Parts): Promise<HostKeys> {
  const { trust } = hop.settings;
  const recordAs = recordName(hop);
  const name = knownHostName(recordAs.address, recordAs.port);
  const isPlain = trust.hostKeyAlias !== null || hop.port === 22;
  const plainName = isPlain ? undefined : lowerCase(hop.address);
  const names = plainName === undefined ? [name] : [name, plainName];
  const userFiles = trust.userKnownHostsFiles ?? options.user;
  const paths = [...userFiles, ...(trust.globalKnownHostsFiles ?? options.global)];
  const files = paths.filter((path) => !nullDevices.includes(path)).map(fileAt);
  const found = await Promise.all(files.map((file) => file.find(names)));
  const read = found.flatMap(({ lines }) => lines);
  const lines: HostKeySources["lines"] = () => [...read, ...own.lines(names)];
  const record = new HostKeyRecord({ name, plainName, lines, ...(await programsFor(hop, name, options)) });
  await record.examineKnown();
  const isKept = trust.userKnownHostsFiles?.every((path) => nullDevices.includes(path)) !== true;
  return {
    knownTypes: () => record.knownTypes(),
    hasAuthority: lines().some(({ marker }) => marker === "certAuthority"),
    verdict: (key) => record.verdict(key),
    examine: () => record.examine(),
    acceptOnce: (key) => record.acceptOnce(key),
    unread: found.flatMap(({ unreadable }, index) =>
      unreadable === undefined ? [] : [`${files[index]?.path} (${unreadable})`],
    ),
    notes: notesOn(
      lines(),
      found.flatMap(({ malformed }) => malformed),
      name,
    ),
    async knownAs(key) {
      const all = await Promise.all(files.map((file) => file.read()));
      return otherNames([...own.all(), ...all.flatMap((each) => each.lines)], key, names);
    },
    recordAs,
    ownFile: options.own,
    recording: isKept ? "ownFile" : userFiles.length === 0 ? "never" : "nowhere",
    add: (key) => {
      const find = (): KnownHostLine | undefined =>
        lines().find((line) => isFor(line, name) && line.key.equals(key));
      const recorded = find() !== undefined;
      own.add({ ...recordAs, key, hashed: trust.hashKnownHosts, recorded }, record.verdict(key));
      const line = find();
      if (line === undefined) throw new Error(`What was written to ${options.own} is not there`);
      return describeLine(line, line.file !== options.own);
    },
  };
}

/** An alias replaces both address and port (ssh_config(5), HostKeyAlias). */
function recordName({ address, port, settings }: HostKeyQuery): HostKeys["recordAs"] {
  const { hostKeyAlias } = settings.trust;
  return hostKeyAlias === null ? { address, port } : { address: hostKeyAlias, port: 22 };
}

/** The look-ups that need a program to be run. */
async function programsFor(
  hop: HostKeyQuery,
  name: string,
  options: KnownHostsOptions,
): Promise<Pick<HostKeySources, "ordered" | "examine">> {
  const { revokedHostKeys: revoked, knownHostsCommand: template } = hop.settings.trust;
  const ordered =
    template === null ? undefined : await runKnownHostsCommand(template, name, { kind: "ORDER" }, options);
  const askAgain = template !== null && dependsOnKey(template);
  if (revoked === null && !askAgain) return { ordered, examine: undefined };
  const revokedParts = { ...options, directory: dirname(options.own) };
  return {
    ordered,
    async examine(key) {
      const [revocation, command] = await Promise.all([
        revoked === null ? notRevoked : checkRevoked(revoked, key, revokedParts),
        askAgain ? runKnownHostsCommand(template, name, { kind: "HOSTNAME", key }, options) : ordered,
      ]);
      return { revocation, command };
    },
  };
}

function isFor({ hosts, marker }: KnownHostLine, name: string): boolean {
  return marker === null && hostsMatch(hosts, name);
}

const maxNames = 10;

/** Lines that hold the key for other hosts (sshconnect.c, other_hostkeys_message). */
function otherNames(lines: readonly KnownHostLine[], key: Buffer, names: readonly string[]): string[] {
  return lines
    .filter((line) => line.marker === null && line.key.equals(key))
    .filter(({ hosts }) => !names.some((name) => hostsMatch(hosts, name)))
    .slice(0, maxNames)
    .map(
      ({ hosts, file, line }) =>
        `${hosts.startsWith("|") ? "a hashed name" : visibleLine(hosts)} (${file}:${line})`,
    );
}

const notRevoked: Revocation = { kind: "free" };

function notesOn(
  lines: readonly KnownHostLine[],
  malformed: readonly MalformedLine[],
  name: string,
): string[] {
  const authority = lines.find(({ marker, hosts }) => marker === "certAuthority" && hostsMatch(hosts, name));
  return [
    ...malformed.map(({ file, line, why }) => `${file}:${line} was ignored: ${why}.`),
    ...(authority === undefined
      ? []
      : [
          `${authority.file}:${authority.line} trusts an authority for this host, but the server presented ` +
            "no certificate: its key is checked by itself.",
        ]),
  ];
}
