import { parseJump } from "../../../protocol/destination.ts";
import type { HostKeyPolicy, NotHonoured } from "../../../protocol/host.ts";
import { type HopSettings, plainHopSettings } from "../../transport/hop-settings.ts";
import { plainSessionSettings, type SessionSettings } from "../../transport/session-settings.ts";
import { matchesWildcard } from "../../core/wildcard.ts";
import {
  type ExpansionContext,
  expandArguments,
  expandFile,
  expandTokens,
  proxyTokens,
  type TokenFacts,
  type Tokens,
  tokensOf,
} from "./expansion.ts";
import { algorithmsOf, connectionOf, hostKeyPolicyOf, methodsOf } from "./hop-values.ts";
import { needsOf, notHonoured } from "./not-honoured.ts";
import type { SshOptions } from "./ssh-options.ts";

/** What holds for a name, as `ssh -G` has it, with everything expanded. */
export interface EffectiveHost {
  /** As it was asked for. */
  readonly name: string;
  readonly address: string;
  /** null: nothing names one, and it is Hostrun's default. */
  readonly port: number | null;
  readonly user: string | null;
  /** Empty: the default files. */
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** `[user@]host[:port]` or an ssh URI each; the first is dialled first. */
  readonly jump: readonly string[];
  /** null: nothing says it. */
  readonly hostKeyPolicy: HostKeyPolicy | null;
  readonly settings: HopSettings;
  readonly session: SessionSettings;
  readonly notHonoured: readonly NotHonoured[];
}

/** Of what no configuration speaks. */
export function plainHost({ name, address = name, user, port }: HostQuery): EffectiveHost {
  return {
    name,
    address,
    port: port ?? null,
    user: user ?? null,
    identityFiles: [],
    identitiesOnly: false,
    jump: [],
    hostKeyPolicy: null,
    settings: plainHopSettings,
    session: plainSessionSettings,
    notHonoured: [],
  };
}

export interface EffectiveContext extends ExpansionContext {
  readonly localUser: string;
  readonly localHost: string;
  readonly uid: number | undefined;
  /** The account's home directory, which ssh takes for `~`. */
  readonly accountHome: string;
  /** What OpenSSH has where nothing is configured. */
  readonly defaults: SshOptions;
  readonly defaultUser: string | null;
  readonly defaultPort: number;
  /** Whether a line of the configuration may give this keyword this value. */
  readonly mayGive: (keyword: string, value: string) => boolean;
}

/** A name, and who and where on it was asked for. */
export interface HostQuery {
  readonly name: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  /** In place of what the configuration says. */
  readonly address?: string | undefined;
}

/** What `ssh -G` is asked besides, for what %C means to it. Hostrun uses no ControlPath of a configuration. */
export const hashOption = "ControlPath=/%C";

/** Rejects with `invalid_request` for what ssh would refuse when it connects. */
export async function effectiveHost(
  query: HostQuery,
  options: SshOptions,
  context: EffectiveContext,
): Promise<EffectiveHost> {
  const { name } = query;
  const { localUser, defaultUser, defaultPort } = context;
  const { user, port } = loginOf(query, options, context);
  const jump = noneAsNull(options.first("proxyjump"));
  const facts: TokenFacts = {
    ...context,
    name,
    address: options.first("hostname") ?? name,
    user: user ?? defaultUser ?? localUser,
    port: port ?? defaultPort,
    jump: lastHopOf(jump),
    hash: options.first("controlpath")?.slice(1) ?? "",
    hostKeyAlias: options.first("hostkeyalias"),
  };
  const tokens = tokensOf(facts);
  const said = notHonoured(options, context.defaults);
  const policy = hostKeyPolicyOf(options);
  const isPolicyGiven = policy !== "ask" || context.mayGive("stricthostkeychecking", "ask");
  const settings = await settingsOf(options, tokens, context);
  return {
    name,
    address: facts.address,
    port,
    user,
    ...(await identitiesOf(options, tokens, context)),
    jump: jump === null ? [] : jumpsOf(jump, tokens),
    hostKeyPolicy: isPolicyGiven ? policy : null,
    settings: { ...settings, needs: needsOf(said) },
    session: sessionOf(options, context.environment),
    notHonoured: said,
  };
}

/** ssh also prints its own defaults: where no line may give these, Hostrun's settings count. */
function loginOf(
  query: HostQuery,
  options: SshOptions,
  { localUser, mayGive }: EffectiveContext,
): Pick<EffectiveHost, "user" | "port"> {
  const given = (keyword: string, fallback: string): string | undefined => {
    const value = options.first(keyword);
    return value === fallback && !mayGive(keyword, value) ? undefined : value;
  };
  const port = query.port ?? given("port", "22");
  return {
    user: query.user ?? given("user", localUser) ?? null,
    port: port === undefined ? null : Number(port),
  };
}

function isNone(text: string | undefined): boolean {
  return text === undefined || text.toLowerCase() === "none" || text === "";
}

/** Of `a,user@b:22` it is `b` (ssh.c, jump_host). */
function lastHopOf(proxyJump: string | null): string {
  const last = proxyJump?.split(",").at(-1) ?? "";
  return parseJump(last)?.host ?? last;
}

function jumpsOf(proxyJump: string, tokens: Tokens): string[] {
  return proxyJump.split(",").map((hop) => expandTokens("ProxyJump", hop.trim(), proxyTokens(tokens)));
}

async function identitiesOf(
  options: SshOptions,
  tokens: Tokens,
  context: EffectiveContext,
): Promise<Pick<EffectiveHost, "identityFiles" | "identitiesOnly">> {
  const identitiesOnly = options.isOn("identitiesonly");
  if (options.sameAs(context.defaults, "identityfile")) return { identityFiles: [], identitiesOnly };
  const names = options.all("identityfile").filter((file) => !isNone(file));
  const files = await Promise.all(names.map((file) => expandFile("IdentityFile", file, tokens, context)));
  return { identityFiles: [...new Set(files)], identitiesOnly };
}

async function settingsOf(
  options: SshOptions,
  tokens: Tokens,
  context: EffectiveContext,
): Promise<HopSettings> {
  const { defaults } = context;
  const file = async (option: string): Promise<string | null> => {
    const value = options.first(option.toLowerCase());
    return value === undefined || isNone(value) ? null : expandFile(option, value, tokens, context);
  };
  const proxyCommand = options.first("proxycommand");
  const certificates = options.all("certificatefile").filter((path) => !isNone(path));
  const isDefault = (keyword: string): boolean => options.sameAs(defaults, keyword);
  const identityFiles = options.all("identityfile");
  const rsaSize = Number(options.first("requiredrsasize"));
  const provider = options.first("securitykeyprovider");
  const knownHostsCommand = noneAsNull(options.first("knownhostscommand"));
  return {
    transport: "auto",
    ...connectionOf(options),
    proxyCommand:
      proxyCommand === undefined || isNone(proxyCommand)
        ? null
        : expandTokens("ProxyCommand", proxyCommand, proxyTokens(tokens)),
    login: {
      identityAgent: await agentOf(options, tokens, context),
      defaultIdentityFiles: isDefault("identityfile") || !identityFiles.every(isNone),
      certificateFiles: await Promise.all(
        certificates.map((path) => expandFile("CertificateFile", path, tokens, context)),
      ),
      methods: methodsOf(options, defaults),
      gssapi: options.isOn("gssapiauthentication"),
      gssapiDelegation: options.isOn("gssapidelegatecredentials"),
      pkcs11Provider: await file("PKCS11Provider"),
      securityKeyProvider: provider === "internal" ? null : await file("SecurityKeyProvider"),
    },
    trust: {
      hostKeyAlias: options.first("hostkeyalias") ?? null,
      userKnownHostsFiles: isDefault("userknownhostsfile")
        ? null
        : filesIn(options.first("userknownhostsfile"), context),
      globalKnownHostsFiles: isDefault("globalknownhostsfile")
        ? null
        : filesIn(options.first("globalknownhostsfile"), context),
      revokedHostKeys: await file("RevokedHostKeys"),
      knownHostsCommand:
        knownHostsCommand === null ? null : expandArguments(knownHostsCommand, tokens, context),
      hashKnownHosts: options.isOn("hashknownhosts"),
      requiredRsaSize: isDefault("requiredrsasize") || Number.isNaN(rsaSize) ? null : rsaSize,
    },
    algorithms: algorithmsOf(options, defaults),
    needs: [],
  };
}

function noneAsNull(text: string | undefined): string | null {
  return text === undefined || isNone(text) ? null : text;
}

/** `none` for no agent, null for the caller's; of `$VARIABLE` that is not set none, as ssh has it. */
async function agentOf(
  options: SshOptions,
  tokens: Tokens,
  context: EffectiveContext,
): Promise<string | null> {
  const text = options.first("identityagent");
  if (text === undefined || text === "SSH_AUTH_SOCK" || text === "$SSH_AUTH_SOCK") return null;
  if (isNone(text)) return "none";
  const variable = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(text)?.[1];
  if (variable !== undefined) return context.environment[variable] || "none";
  if (text === "${SSH_AUTH_SOCK}") return null;
  return expandFile("IdentityAgent", ofHome(text, context), tokens, context);
}

/** Of a path in which ssh itself has expanded `~`: that is the account's home directory, also where HOME is another one. */
function ofHome(path: string, { accountHome, home }: EffectiveContext): string {
  return path.startsWith(`${accountHome}/`) ? home + path.slice(accountHome.length) : path;
}

/** ssh has expanded these, and prints them with spaces between, also those in their names: each begins with a slash. */
function filesIn(text: string | undefined, context: EffectiveContext): string[] {
  const files = (text ?? "").split(/ (?=\/|~|none(?: |$))/).filter((file) => !isNone(file));
  return files.map((file) => ofHome(file, context));
}

function sessionOf(options: SshOptions, environment: EffectiveContext["environment"]): SessionSettings {
  const patterns = options.all("sendenv");
  const sent = Object.entries(environment).flatMap(([name, value]): [string, string][] =>
    value !== undefined && patterns.some((pattern) => matchesWildcard(pattern, name)) ? [[name, value]] : [],
  );
  const set = options.all("setenv").flatMap((entry): [string, string][] => {
    const at = entry.indexOf("=");
    return at <= 0 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]];
  });
  const seconds = Number(options.first("connecttimeout"));
  return {
    environment: Object.fromEntries([...sent, ...set]),
    pty: options.first("requesttty") === "force",
    connectTimeoutMs: seconds > 0 ? Math.min(seconds * 1000, 600_000) : null,
  };
}
