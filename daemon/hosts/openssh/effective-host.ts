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

/** The effective values for a name, as `ssh -G` prints them, with everything expanded. */
export interface EffectiveHost {
  /** As given. */
  readonly name: string;
  readonly address: string;
  /** null: not configured; Hostrun's default applies. */
  readonly port: number | null;
  readonly user: string | null;
  /** Empty: the default files. */
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Each `[user@]host[:port]` or an ssh URI; the first is dialled first. */
  readonly jump: readonly string[];
  /** null: not configured. */
  readonly hostKeyPolicy: HostKeyPolicy | null;
  readonly settings: HopSettings;
  readonly session: SessionSettings;
  readonly notHonoured: readonly NotHonoured[];
}

/** The values for a name that no configuration mentions. */
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
  /** The account's home directory, to which ssh expands `~`. */
  readonly accountHome: string;
  /** OpenSSH's values when nothing is configured. */
  readonly defaults: SshOptions;
  readonly defaultUser: string | null;
  readonly defaultPort: number;
  /** Whether a line of the configuration may set this keyword to this value. */
  readonly mayGive: (keyword: string, value: string) => boolean;
}

/** A name, with the user and port requested for it. */
export interface HostQuery {
  readonly name: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  /** Replaces the configured address. */
  readonly address?: string | undefined;
}

/** Added to the `ssh -G` command line to get the value of %C. Hostrun uses no ControlPath of a configuration. */
export const hashOption = "ControlPath=/%C";

/** Rejects with `invalid_request` for values that ssh would refuse when connecting. */
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

/** ssh also prints its own defaults: if no line may set these, Hostrun's settings apply. */
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

/** For `a,user@b:22`, `b` (ssh.c, jump_host). */
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

/** `none` for no agent, null for the caller's; an unset `$VARIABLE` means none, as in ssh. */
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

/** ssh expands `~` to the account's home directory; this replaces it by HOME if that differs. */
function ofHome(path: string, { accountHome, home }: EffectiveContext): string {
  return path.startsWith(`${accountHome}/`) ? home + path.slice(accountHome.length) : path;
}

/**
 * ssh has expanded these and prints them separated by spaces, which may also be in their names; each begins with a
 * slash.
 */
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
