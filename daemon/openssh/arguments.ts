import { join } from "node:path";
import { ownAlgorithms } from "../transport/algorithms.ts";
import type { AlgorithmSettings } from "../transport/hop-settings.ts";
import type { Hop } from "../transport/remote.ts";

/** The settings that apply to every hop. */
export interface ClientSettings {
  readonly home: string;
  /** Hostrun's own known_hosts, which is used in addition to those of the hop. */
  readonly ownKnownHosts: string;
  /** Milliseconds; 0: off. */
  readonly keepaliveMs: number;
  /** In bits. */
  readonly requiredRsaSize: number;
}

/** The paths of one connection's files, and whether its prompts are answered. */
export interface ClientPlaces {
  /** A known_hosts file that contains only the key accepted for this connection. */
  readonly accepted: string;
  /** Returns the name by which `ssh` is to read a known_hosts file. */
  readonly knownHosts: (path: string) => string;
  readonly control: string;
  readonly log: string;
  readonly asks: boolean;
}

/** ssh(1)'s own order (readconf.c, fill_default_options). */
const defaultKeys = ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss"];
const globalKnownHosts = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

/**
 * The arguments of an `ssh` that logs in to `hop` over its standard input and output and then forwards channels. It reads
 * no configuration: the hop's own options were looked up before, and other options (a command, forwards, another control
 * socket) must have no effect.
 */
export function clientArguments(hop: Hop, settings: ClientSettings, places: ClientPlaces): string[] {
  const options = [
    ...channelOptions(places),
    ...trustOptions(hop, settings, places),
    ...loginOptions(hop, settings),
    ...algorithmOptions(hop.settings.algorithms),
    ...keepalive(hop, settings.keepaliveMs),
    `Compression=${yesNo(hop.settings.compression)}`,
  ];
  const flags = [
    "-F",
    "none",
    "-N",
    "-T",
    "-a",
    "-x",
    "-E",
    places.log,
    "-l",
    hop.user,
    "-p",
    String(hop.port),
  ];
  return [...flags, ...options.flatMap((option) => ["-o", option]), "--", hop.address];
}

function channelOptions({ control, asks }: ClientPlaces): string[] {
  return [
    // An older ssh does not know all of these.
    "IgnoreUnknown=RequiredRSASize,KnownHostsCommand,SecurityKeyProvider,PubkeyAcceptedAlgorithms",
    "LogLevel=DEBUG1",
    "ProxyCommand=-",
    "ControlMaster=yes",
    `ControlPath=${quotedFully(control)}`,
    "ControlPersist=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "CanonicalizeHostname=no",
    "Tunnel=no",
    "UpdateHostKeys=no",
    `BatchMode=${yesNo(!asks)}`,
  ];
}

function trustOptions(
  { settings: { trust } }: Hop,
  settings: ClientSettings,
  { accepted, knownHosts }: ClientPlaces,
): string[] {
  const { home, ownKnownHosts } = settings;
  const users = trust.userKnownHostsFiles ?? [
    join(home, ".ssh", "known_hosts"),
    join(home, ".ssh", "known_hosts2"),
  ];
  const machines = trust.globalKnownHostsFiles ?? globalKnownHosts;
  return [
    // Whether to accept an unknown key was decided before ssh sees it.
    "StrictHostKeyChecking=yes",
    "VerifyHostKeyDNS=no",
    "CheckHostIP=no",
    "NoHostAuthenticationForLocalhost=no",
    `UserKnownHostsFile=${[accepted, ...[ownKnownHosts, ...users].map(knownHosts)].map(quotedFully).join(" ")}`,
    `GlobalKnownHostsFile=${machines.length === 0 ? "none" : machines.map(knownHosts).map(quoted).join(" ")}`,
    `RequiredRSASize=${trust.requiredRsaSize ?? settings.requiredRsaSize}`,
    ...given(trust.hostKeyAlias, (alias) => `HostKeyAlias=${alias}`),
    ...given(trust.revokedHostKeys, (path) => `RevokedHostKeys=${quoted(path)}`),
    ...given(trust.knownHostsCommand, (command) => `KnownHostsCommand=${command}`),
  ];
}

function loginOptions(hop: Hop, { home }: ClientSettings): string[] {
  const { login, needs } = hop.settings;
  const defaults = login.defaultIdentityFiles ? defaultKeys.map((key) => join(home, ".ssh", key)) : [];
  const keys = hop.identityFiles.length > 0 ? hop.identityFiles : defaults;
  return [
    ...(keys.length === 0 ? ["IdentityFile=none"] : keys.map((path) => `IdentityFile=${quotedFully(path)}`)),
    ...login.certificateFiles.map((path) => `CertificateFile=${quotedFully(path)}`),
    `IdentitiesOnly=${yesNo(hop.identitiesOnly)}`,
    `IdentityAgent=${login.identityAgent === "none" ? "none" : "SSH_AUTH_SOCK"}`,
    `GSSAPIAuthentication=${yesNo(login.gssapi)}`,
    `GSSAPIDelegateCredentials=${yesNo(login.gssapiDelegation)}`,
    ...given(login.pkcs11Provider, (path) => `PKCS11Provider=${quoted(path)}`),
    ...given(login.securityKeyProvider, (path) => `SecurityKeyProvider=${quoted(path)}`),
    ...(login.methods.length > 0 ? [`PreferredAuthentications=${login.methods.join(",")}`] : []),
    ...needs.map(({ option, value }) => `${option}=${value}`),
  ];
}

/** No SHA-1 and no CBC unless the hop's configuration names it. */
function algorithmOptions({ kex, ciphers, macs, hostKey, publicKey }: AlgorithmSettings): string[] {
  const list = (names: readonly string[], ours: string): string =>
    names.length > 0 ? names.join(",") : ours;
  return [
    `KexAlgorithms=${list(kex, "-*sha1")}`,
    `Ciphers=${list(ciphers, ourCiphers)}`,
    `MACs=${list(macs, ourMacs)}`,
    `HostKeyAlgorithms=${list(hostKey, withoutSha1)}`,
    `PubkeyAcceptedAlgorithms=${list(publicKey, withoutSha1)}`,
  ];
}

/** The same as for ssh2, in the same order. */
const ourCiphers = ownAlgorithms.ciphers.join(",");
const ourMacs = ownAlgorithms.macs.join(",");
const withoutSha1 = "-ssh-rsa,ssh-rsa-cert-v01@openssh.com,ssh-dss*";

/**
 * The same as for ssh2: the connection is given up after two unanswered keepalives, unless the hop's configuration
 * differs.
 */
function keepalive({ settings }: Hop, keepaliveMs: number): string[] {
  const { intervalMs, countMax } = settings.keepalive ?? { intervalMs: keepaliveMs, countMax: 2 };
  const seconds = intervalMs === 0 ? 0 : Math.max(1, Math.round(intervalMs / 1000));
  return [`ServerAliveInterval=${seconds}`, `ServerAliveCountMax=${countMax}`];
}

function given(value: string | null, option: (value: string) => string): string[] {
  return value === null ? [] : [option(value)];
}

const yesNo = (flag: boolean): string => (flag ? "yes" : "no");

/** A path as one word of ssh_config(5). */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&")}"`;
}

/** The same for an option in which ssh expands `%` and a letter. */
function quotedFully(path: string): string {
  return quoted(path.replaceAll("%", "%%"));
}
