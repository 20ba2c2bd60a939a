import { join } from "node:path";
import { LRUCache } from "lru-cache";
import type { ParsedKey } from "ssh2";
import type { UserFiles } from "../../core/user-files.ts";
import type { Hop, Target } from "../../transport/remote.ts";
import type { AgentKey } from "./agent-client.ts";
import { type AgentContents, Agents } from "./agents.ts";
import type { Attempt } from "./attempt.ts";
import { type AskedAgent, noteOnAgent, noteOnFile, noteOnShortKey } from "./credential-notes.ts";
import { fingerprintOf, keyTypeOf, rsaBits } from "../host-keys/host-key.ts";
import { type IdentityFile, IdentityFiles } from "./identity-files.ts";
import { findTicket, type OpenSshKey, OpenSshKeyFiles, openSshKeyOf } from "./openssh-keys.ts";
import { type SignRequest, signByKey } from "./one-key-agent.ts";
import type { PrivateKey } from "./private-key.ts";

/** What to log in to a hop with: the keys to try, in order, and what to report when all of them are refused. */
export interface Credentials {
  /** When empty, only "none" is requested. */
  readonly attempts: readonly Attempt[];
  /** The caller's agent; null: there is none. */
  readonly agentSocket: string | null;
  /** What OpenSSH would log in with in addition to the attempts. */
  readonly openSshKeys: readonly OpenSshKey[];
  /** What was wrong with configured key files. */
  readonly fault: "identity_file_missing" | "identity_file_unreadable" | undefined;
  /** Whole sentences. */
  readonly notes: readonly string[];
}

export interface LoginHop extends Hop {
  readonly credentials: Credentials;
}

/** A target with the credentials of each hop. */
export interface LoginTarget extends LoginHop {
  readonly jump: readonly LoginHop[];
}

export interface CredentialSourceOptions {
  /** The user's home directory, for OpenSSH's default key files. */
  readonly home: string;
  /** The daemon's own SSH_AUTH_SOCK, for callers that name none; null: no agent. */
  readonly agentSocket: string | null;
  /** undefined where files have no owner (Windows). */
  readonly uid: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly files: UserFiles;
  readonly requiredRsaSize: () => number;
  /** Path of daemon/key-opener.ts, built or as source. */
  readonly keyOpener: string;
}

/** Otherwise a server that allows endless attempts would keep a run waiting forever. */
const maxAttempts = 32;
const defaultFiles = ["id_ed25519", "id_ecdsa", "id_rsa"];
/** OpenSSH's own defaults for hardware keys. */
const hardwareFiles = ["id_ecdsa_sk", "id_ed25519_sk"];
const usableTypes = /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521))$/;

interface BesideKeys {
  /** Whether the paths are OpenSSH's defaults, most of which do not exist. */
  readonly isDefault: boolean;
  /** By the key file that they belong to. */
  readonly each: readonly Promise<OpenSshKey[]>[];
  readonly others: Promise<OpenSshKey[]>;
  readonly tickets: Promise<OpenSshKey[]>;
}

/** Looks up the credentials for a login. */
export class CredentialSource {
  readonly #options: CredentialSourceOptions;
  readonly #agents: Agents;
  readonly #identityFiles: IdentityFiles;
  /** The fingerprint of the key that last logged in, by login. */
  readonly #lastSuccessfulKeys = new LRUCache<string, string>({ max: 1000 });
  readonly #openSshKeyFiles: OpenSshKeyFiles;

  constructor(options: CredentialSourceOptions) {
    this.#options = options;
    this.#agents = new Agents(options.files);
    this.#openSshKeyFiles = new OpenSshKeyFiles(options.files);
    this.#identityFiles = new IdentityFiles(options.files, options.uid);
  }

  /** Returns the target with the credentials that each hop has now. Never rejects. */
  async complete(target: Target, agentSocket: string | null): Promise<LoginTarget> {
    const own = agentSocket ?? this.#options.agentSocket;
    const asked = new Map<string, Promise<AgentContents>>();
    const ask = (socket: string | null): Promise<AgentContents> | undefined => {
      if (socket === null) return undefined;
      const contents = asked.get(socket) ?? this.#agents.at(socket).contents();
      asked.set(socket, contents);
      return contents;
    };
    // In parallel with the files, where the agent's keys certainly matter.
    for (const hop of [target, ...target.jump]) if (!hop.identitiesOnly) void ask(agentOf(hop, own));
    const reading = new Map<string, Promise<IdentityFile>>();
    const read = (path: string): Promise<IdentityFile> => {
      const file = reading.get(path) ?? this.#identityFiles.at(path);
      reading.set(path, file);
      return file;
    };
    const completed = async <Place extends Hop>(hop: Place): Promise<Place & LoginHop> => {
      const paths = this.#paths(hop);
      // All reads start at once: each further round trip would cost every run.
      const beside = this.#besideOf(hop, paths);
      const files = await Promise.all(paths.map(read));
      const socket = agentOf(hop, own);
      const isNone = hop.settings.login.identityAgent === "none";
      const agent =
        needsAgent(hop, files) && !isNone
          ? { socket, ...((await ask(socket)) ?? { keys: [], failure: undefined }) }
          : undefined;
      const credentials = credentialsOf(hop, { files, agent }, this.#options.requiredRsaSize());
      const openSshKeys = await this.#openSshKeysOf(hop, { files, beside }, agent);
      return { ...hop, credentials: { ...credentials, agentSocket: socket, openSshKeys } };
    };
    const jump = Promise.all(target.jump.map(completed));
    return { ...(await completed(target)), jump: await jump };
  }

  /** Signs with an attempt's key. Rejects with an Error whose message is a clause that can follow a colon. */
  async sign(attempt: Attempt, key: ParsedKey, request: SignRequest, signal: AbortSignal): Promise<Buffer> {
    if (attempt.kind === "agent") return this.#agents.at(attempt.socket).sign(key, request, signal);
    const opened = await this.#identityFiles.open(attempt.path);
    if (opened === undefined || attempt.publicKey?.equals(opened.publicKey) !== true) {
      throw new Error("the file was changed meanwhile");
    }
    return signByKey(opened.key, key.type, request);
  }

  /** The key that last logged in there. It is tried first, since servers allow few attempts. */
  lastSuccessfulKey({ user, address, port }: Pick<Hop, "user" | "address" | "port">): string | undefined {
    return this.#lastSuccessfulKeys.get(JSON.stringify([user, address, port]));
  }

  loggedInWith({ user, address, port }: Pick<Hop, "user" | "address" | "port">, fingerprint: string): void {
    this.#lastSuccessfulKeys.set(JSON.stringify([user, address, port]), fingerprint);
  }

  /** The key of an encrypted file; undefined if the passphrase is wrong. */
  unlock(path: string, passphrase: string): Promise<PrivateKey | undefined> {
    return this.#identityFiles.open(path, { passphrase, opener: this.#options.keyOpener });
  }

  /** Finds what only OpenSSH can log in with, beside each path and elsewhere. */
  #besideOf({ identityFiles, settings }: Hop, paths: readonly string[]): BesideKeys {
    const { certificateFiles, defaultIdentityFiles, gssapi } = settings.login;
    const isDefault = identityFiles.length === 0 && defaultIdentityFiles;
    const hardware = isDefault ? hardwareFiles.map((name) => join(this.#options.home, ".ssh", name)) : [];
    return {
      isDefault,
      each: paths.map((path) => this.#openSshKeyFiles.beside([path])),
      others: this.#openSshKeyFiles.beside(hardware, certificateFiles),
      tickets: gssapi ? findTicket(this.#options.files, this.#options) : Promise.resolve([]),
    };
  }

  async #openSshKeysOf(
    { identitiesOnly }: Hop,
    { files, beside }: { readonly files: readonly IdentityFile[]; readonly beside: BesideKeys },
    agent: AskedAgent | undefined,
  ): Promise<OpenSshKey[]> {
    const { isDefault, each, others, tickets } = beside;
    const present = each.filter((_, index) => files[index]?.kind !== "missing" || !isDefault);
    const found = [...(await Promise.all(present)).flat(), ...(await others)];
    const held = identitiesOnly ? [] : (agent?.keys ?? []);
    return [...found, ...(await tickets), ...held.flatMap(({ publicKey }) => openSshKeyOf(publicKey) ?? [])];
  }

  #paths({ identityFiles, settings }: Hop): readonly string[] {
    if (identityFiles.length > 0 || !settings.login.defaultIdentityFiles) return identityFiles;
    return defaultFiles.map((name) => join(this.#options.home, ".ssh", name));
  }
}

/** In a comparable form: equal credentials log in as the same user. */
export function identityOf({ attempts, openSshKeys }: Credentials): readonly (readonly string[])[] {
  const others = openSshKeys.map(({ kind, fingerprint }) => [kind, fingerprint]);
  const tried = attempts.map((attempt) => {
    if (attempt.kind === "agent") return ["agent", attempt.socket, fingerprintOf(attempt.publicKey)];
    return ["file", attempt.publicKey === undefined ? attempt.path : fingerprintOf(attempt.publicKey)];
  });
  return [...tried, ...others];
}

/** The agent queried for a hop's keys; null: none. */
function agentOf({ settings }: Hop, own: string | null): string | null {
  const { identityAgent } = settings.login;
  if (identityAgent === null || identityAgent === "SSH_AUTH_SOCK") return own;
  return identityAgent === "none" ? null : identityAgent;
}

interface Sources {
  readonly files: readonly IdentityFile[];
  readonly agent: AskedAgent | undefined;
}

/** Not if only configured files may be used, and each of them holds a usable key. */
function needsAgent(hop: Hop, files: readonly IdentityFile[]): boolean {
  return !hop.identitiesOnly || files.some(({ kind }) => kind !== "key");
}

/**
 * In OpenSSH's order (sshconnect2.c, pubkey_prepare): the agent's keys that also have a file; the agent's other keys,
 * unless IdentitiesOnly is set; then readable files.
 */
function credentialsOf(
  hop: Hop,
  { files, agent }: Sources,
  requiredRsaSize: number,
): Omit<Credentials, "agentSocket" | "openSshKeys"> {
  const held = agent?.keys.filter(({ publicKey }) => usableTypes.test(keyTypeOf(publicKey) ?? "")) ?? [];
  const inAgent = (file: IdentityFile): AgentKey | undefined => held.find((key) => isKeyOf(file, key));
  const matched = new Set(files.flatMap((file) => inAgent(file) ?? []));
  const others = hop.identitiesOnly ? [] : held.filter((key) => !matched.has(key));
  const found: Attempt[] = [...matched, ...others].map((key) => ({
    kind: "agent",
    socket: agent?.socket ?? "",
    ...key,
  }));
  for (const file of files) {
    if (inAgent(file) !== undefined || (file.kind !== "key" && file.kind !== "encrypted")) continue;
    const { path, publicKey, kind } = file;
    found.push({ kind: "file", path, publicKey, encrypted: kind === "encrypted" });
  }
  const isShort = (publicKey: Buffer): boolean => (rsaBits(publicKey) ?? Infinity) < requiredRsaSize;
  const short = found.filter(({ publicKey }) => publicKey !== undefined && isShort(publicKey));
  const usable = (file: IdentityFile): boolean => file.kind === "key" || file.kind === "encrypted";
  const useless = files.filter((file) => !usable(file) && inAgent(file) === undefined);
  const configured = hop.identityFiles.length > 0;
  return {
    attempts: found.filter((attempt) => !short.includes(attempt)).slice(0, maxAttempts),
    fault: configured ? faultOf(useless, short) : undefined,
    notes: [
      ...useless.flatMap((file) => (file.kind === "missing" && !configured ? [] : noteOnFile(file))),
      ...short.map((attempt) => noteOnShortKey(attempt, requiredRsaSize)),
      ...(agent === undefined ? [] : noteOnAgent(agent)),
    ],
  };
}

function isKeyOf(file: IdentityFile, { publicKey }: AgentKey): boolean {
  return file.kind !== "unreadable" && file.publicKey?.equals(publicKey) === true;
}

function faultOf(useless: readonly IdentityFile[], short: readonly Attempt[]): Credentials["fault"] {
  if (useless.some(({ kind }) => kind === "missing")) return "identity_file_missing";
  const unusable = useless.length > 0 || short.some(({ kind }) => kind === "file");
  return unusable ? "identity_file_unreadable" : undefined;
}
