import { parseJump } from "../../../protocol/destination.ts";
import { HostName, UserName } from "../../../protocol/host.ts";
import { Problem } from "../../../protocol/problem.ts";
import { visibleLine } from "../../../protocol/visible.ts";
import type { Settings } from "../../../protocol/settings.ts";
import { type ConfigCopies, needsCopies } from "./config-copies.ts";
import type { ConfigFiles, ReadConfig } from "./config-files.ts";
import type { SshConfig } from "./config-names.ts";
import {
  type EffectiveContext,
  effectiveHost,
  type EffectiveHost,
  hashOption,
  type HostQuery,
  plainHost,
} from "./effective-host.ts";
import { SshOptions } from "./ssh-options.ts";
import type { SshProgram } from "./ssh-program.ts";

export interface EffectiveHostsParts {
  readonly ssh: SshProgram;
  readonly files: ConfigFiles;
  readonly copies: ConfigCopies;
  /** The file is passed to ssh by path (`-F`), rather than being the account's own with the system's. */
  readonly isNamed: boolean;
  readonly settings: () => Settings;
  readonly facts: Pick<
    EffectiveContext,
    "home" | "accountHome" | "environment" | "localUser" | "localHost" | "uid"
  >;
}

/** Beyond this number of names, values are computed again. */
const maxKept = 10_000;
/** A name that no configuration mentions. */
const unknownName = "hostrun-asks.invalid";

/**
 * The values that OpenSSH itself computes for names (`ssh -G`), cached until a file of the configuration changes; with
 * Match exec and CanonicalizeHostname, computed each time.
 */
export class EffectiveHosts {
  readonly #parts: EffectiveHostsParts;
  readonly #kept = new Map<string, EffectiveHost>();
  readonly #mentioned = new Map<string, boolean>();
  readonly #asking = new Map<string, Promise<EffectiveHost>>();
  #defaults: Promise<SshOptions> | undefined;
  #read: ReadConfig | undefined;
  #file: string | undefined;

  constructor(parts: EffectiveHostsParts) {
    this.#parts = parts;
  }

  /** The names in the files. Throws `invalid_request` if one cannot be read. */
  async config(): Promise<SshConfig> {
    const read = await this.#parts.files.load();
    if (read === this.#read) return read.config;
    this.#file = this.#fileOf(read);
    this.#read = read;
    this.#kept.clear();
    this.#mentioned.clear();
    this.#asking.clear();
    return read.config;
  }

  /**
   * Uses the current configuration, or the one that the caller just got from `config`, so that each run checks the
   * files once. Throws `invalid_request`, with file and line, if ssh rejects it; `conflict` if there is no ssh.
   */
  async of(query: HostQuery, known?: SshConfig): Promise<EffectiveHost> {
    const config = known ?? (await this.config());
    // Nothing is configured, so ssh is not needed and need not exist.
    if (this.#file === "none") return plainHost(query);
    const key = this.#keyOf(query);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const asking = this.#asking.get(key) ?? this.#ask(query, config);
    this.#asking.set(key, asking);
    try {
      return await asking;
    } finally {
      if (this.#asking.get(key) === asking) this.#asking.delete(key);
    }
  }

  /** The cached values of a name, without running ssh. */
  kept(name: string): EffectiveHost | undefined {
    return this.#file === "none" ? plainHost({ name }) : this.#kept.get(this.#keyOf({ name }));
  }

  /** Whether the configuration mentions this name, literally or with a pattern. */
  async mentions(name: string): Promise<boolean> {
    const config = await this.config();
    if (config.aliases.has(name)) return true;
    if (this.#file === "none") return false;
    const known = this.#mentioned.get(name) ?? (await this.#differsFromUnknown(name));
    if (!config.isVolatile && this.#mentioned.size < maxKept) this.#mentioned.set(name, known);
    return known;
  }

  async #differsFromUnknown(name: string): Promise<boolean> {
    const [own, others] = await Promise.all([this.#options({ name }), this.#options({ name: unknownName })]);
    if (own.first("hostname")?.toLowerCase() !== name.toLowerCase()) return true;
    return [...new Set([...own.keywords(), ...others.keywords()])].some(
      (keyword) => !ofEachName.has(keyword) && !own.sameAs(others, keyword),
    );
  }

  async #ask(query: HostQuery, config: SshConfig): Promise<EffectiveHost> {
    const read = this.#read;
    const [options, defaults] = await Promise.all([this.#options(query), this.#defaultOptions()]);
    const host = await effectiveHost(query, options, this.#context(defaults, config));
    checkNames(host, config);
    if (!config.isVolatile && read === this.#read) {
      this.#kept.set(this.#keyOf(query), host);
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined && this.#kept.size > maxKept) this.#kept.delete(oldest);
    }
    return host;
  }

  #context(defaults: SshOptions, config: SshConfig): EffectiveContext {
    const { facts, settings, ssh } = this.#parts;
    const { defaultUser, defaultPort } = settings();
    return {
      ...facts,
      defaults,
      defaultUser,
      defaultPort,
      homeOf: (user) => homeOf(user, ssh),
      mayGive: (keyword, value) =>
        config.lines(keyword).some(({ words }) => isOrBecomes(keyword, words?.[0] ?? "", value)),
    };
  }

  /** Tokens may contain values of the settings. */
  #keyOf({ name, user, port, address }: HostQuery): string {
    const { defaultUser, defaultPort } = this.#parts.settings();
    return JSON.stringify([name, user, port, address, defaultUser, defaultPort]);
  }

  async #options({ address, ...query }: HostQuery): Promise<SshOptions> {
    const { ssh, copies } = this.#parts;
    const way = address === undefined ? [] : [`HostName=${address.replaceAll("%", "%%")}`];
    const overrides = [hashOption, ...way];
    try {
      return SshOptions.parse(await ssh.options({ ...query, overrides, file: this.#file }));
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      throw new Problem(failure.code, copies.named(failure.message), failure.members);
    }
  }

  #defaultOptions(): Promise<SshOptions> {
    this.#defaults ??= this.#parts.ssh
      .options({ name: unknownName, file: "none" })
      .then((text) => SshOptions.parse(text));
    this.#defaults.catch(() => {
      this.#defaults = undefined;
    });
    return this.#defaults;
  }

  /** The argument of `-F`; undefined: ssh finds its files itself. */
  #fileOf({ trees }: ReadConfig): string | undefined {
    const { isNamed, copies } = this.#parts;
    if (!isNamed) return undefined;
    const [root] = trees;
    if (root === undefined) return "none";
    return needsCopies([root]) ? copies.make(root) : root.path;
  }
}

/** Options whose values contain the name itself. */
const ofEachName = new Set([
  "host",
  "hostname",
  "controlpath",
  "remotecommand",
  "userknownhostsfile",
  "revokedhostkeys",
]);

/** Whether a word of a line is the value or may become it, since it contains tokens or names a service. */
function isOrBecomes(keyword: string, word: string, value: string): boolean {
  return (
    word.toLowerCase() === value.toLowerCase() || /[%$]/.test(word) || (keyword === "port" && /\D/.test(word))
  );
}

/** As ssh determines it, from any account database of this system. */
async function homeOf(user: string, ssh: SshProgram): Promise<string | undefined> {
  if (!UserName.safeParse(user).success) return undefined;
  const overrides = [`UserKnownHostsFile=~${user}/x`];
  try {
    const options = SshOptions.parse(await ssh.options({ name: unknownName, file: "none", overrides }));
    return options.first("userknownhostsfile")?.replace(/\/x$/, "");
  } catch {
    return undefined;
  }
}

/** Refuses values that cannot be used, e.g. in a command line, with their file and line. */
function checkNames({ name, address, user, jump, settings }: EffectiveHost, config: SshConfig): void {
  const refuse = (option: string, value: string, why: string): never => {
    throw new Problem(
      "invalid_request",
      `${option} ${visibleLine(value)} of ${visibleLine(name)}${placeOf(config, option, value)} cannot be used: it ${why}. Fix it there.`,
      { host: name, reason: "ssh_config" },
    );
  };
  const given: [string, string | null, typeof HostName][] = [
    ["HostName", address, HostName],
    ["User", user, UserName],
    ["HostKeyAlias", settings.trust.hostKeyAlias, HostName],
  ];
  for (const [option, value, schema] of given) {
    const why = value === null ? undefined : schema.safeParse(value).error?.issues[0]?.message;
    if (value !== null && why !== undefined) refuse(option, value, why);
  }
  for (const hop of jump) {
    if (parseJump(hop) === undefined) refuse("ProxyJump", hop, "must be [user@]host[:port]");
  }
}

/** " (FILE line N)" for the line that sets this value or, through tokens, may have produced it. */
function placeOf(config: SshConfig, option: string, value: string): string {
  const lines = config.lines(option.toLowerCase());
  const given = value.toLowerCase();
  const line =
    lines.find(({ words = [] }) => words.join(" ").toLowerCase().includes(given)) ??
    lines.find(({ words = [] }) => words.some((word) => word.includes("%")));
  return line === undefined ? "" : ` (${visibleLine(line.file)} line ${line.line})`;
}
