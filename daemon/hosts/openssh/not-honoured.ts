import type { NotHonoured } from "../../../protocol/host.ts";
import type { HopNeed } from "../../transport/hop-settings.ts";
import type { SshOptions } from "./ssh-options.ts";

/**
 * How an option that differs from OpenSSH's default is handled. `honoured`: its value is used, or it has no meaning for
 * commands that run over Hostrun's own connections. Otherwise why it is not, as a clause; `needed`: it must not be
 * ignored, since another machine would be reached or trusted, or the login would differ.
 */
type Handling = "honoured" | { readonly why: string; readonly needed?: true };

const own = { why: "Hostrun opens no forwards for a command" };
const windows = { why: "Hostrun forwards no windows (X11)" };

/** In OpenSSH's spelling. */
const handling: Readonly<Record<string, Handling>> = {
  ...honoured(
    ["Host", "User", "HostName", "Port", "AddressFamily", "BindAddress", "ConnectTimeout"],
    ["IdentityFile", "IdentitiesOnly", "IdentityAgent", "CertificateFile", "PKCS11Provider"],
    ["SecurityKeyProvider", "ProxyJump", "ProxyCommand", "HostKeyAlias", "UserKnownHostsFile"],
    ["GlobalKnownHostsFile", "RevokedHostKeys", "KnownHostsCommand", "StrictHostKeyChecking"],
    ["HashKnownHosts", "PubkeyAuthentication", "PasswordAuthentication", "KbdInteractiveAuthentication"],
    ["PreferredAuthentications", "GSSAPIAuthentication", "GSSAPIDelegateCredentials", "KexAlgorithms"],
    ["Ciphers", "MACs", "HostKeyAlgorithms", "PubkeyAcceptedAlgorithms", "RequiredRSASize"],
    ["ServerAliveInterval", "ServerAliveCountMax", "SendEnv", "SetEnv", "CanonicalizeHostname"],
    ["CanonicalDomains", "CanonicalizeFallbackLocal", "CanonicalizeMaxDots", "CanonicalizePermittedCNAMEs"],
    // These concern the ssh program, a terminal, or connections that ssh shares.
    ["BatchMode", "ControlMaster", "ControlPath", "ControlPersist", "EnableEscapeCommandline", "EscapeChar"],
    ["ExitOnForwardFailure", "ClearAllForwardings", "FingerprintHash", "ForkAfterAuthentication"],
    ["GatewayPorts", "IgnoreUnknown", "LogLevel", "LogVerbose", "StdinNull", "SyslogFacility", "Tag"],
    ["VisualHostKey", "XAuthLocation", "ForwardX11Timeout", "ForwardX11Trusted", "StreamLocalBindMask"],
    ["StreamLocalBindUnlink", "TCPKeepAlive", "PermitRemoteOpen", "PermitLocalCommand", "TunnelDevice"],
    ["NumberOfPasswordPrompts", "CheckHostIP", "IPQoS", "ConnectionAttempts", "UpdateHostKeys"],
    ["HostbasedAcceptedAlgorithms", "GSSAPIKexAlgorithms", "ObscureKeystrokeTiming", "ChannelTimeout"],
    ["WarnWeakCrypto", "RefuseConnection", "VersionAddendum", "EnableSSHKeysign", "SessionType"],
  ),
  ForwardAgent: { why: "Hostrun forwards no agent: root on the host could use your keys" },
  Compression: { why: "only the transport openssh, the system's ssh, compresses" },
  AddKeysToAgent: { why: "Hostrun adds no keys to an agent" },
  ForwardX11: windows,
  LocalForward: own,
  RemoteForward: own,
  DynamicForward: own,
  Tunnel: { why: "Hostrun opens no tunnel devices" },
  LocalCommand: { why: "Hostrun runs no command on this machine after connecting" },
  RemoteCommand: { why: "each run has its own command, which takes precedence" },
  RequestTTY: {
    why: "each run decides whether it has a terminal; only the value `force` gives it one",
  },
  RekeyLimit: { why: "Hostrun leaves rekeying to the server" },
  BindInterface: { why: "Hostrun cannot choose an interface; BindAddress is honoured", needed: true },
  ProxyUseFdpass: { why: "its ProxyCommand passes a socket, which ssh2 cannot use", needed: true },
  HostbasedAuthentication: { why: "Hostrun does not log in with this machine's host key" },
  GSSAPIKeyExchange: { why: "ssh2 does not support Kerberos key exchange" },
  GSSAPIRenewalForcesRekey: { why: "Hostrun does not renew Kerberos credentials" },
  GSSAPITrustDns: { why: "Hostrun takes no Kerberos names from DNS" },
  GSSAPIClientIdentity: { why: "Hostrun cannot choose a Kerberos identity", needed: true },
  GSSAPIServerIdentity: { why: "Hostrun cannot choose a Kerberos identity", needed: true },
  VerifyHostKeyDNS: { why: "Hostrun trusts no host key because it is in DNS, and asks instead" },
  NoHostAuthenticationForLocalhost: { why: "Hostrun checks this machine's host key as well" },
  CASignatureAlgorithms: { why: "it limits which certificates are trusted", needed: true },
};

function honoured(...names: readonly (readonly string[])[]): Record<string, Handling> {
  return Object.fromEntries(names.flat().map((name) => [name, "honoured"]));
}

const byKeyword = new Map(
  Object.entries(handling).map(([option, how]) => [option.toLowerCase(), { option, how }]),
);

/** The options that are not honoured, where they differ from OpenSSH's `defaults`. */
export function notHonoured(options: SshOptions, defaults: SshOptions): readonly NotHonoured[] {
  const told = options.keywords().flatMap((keyword): NotHonoured[] => {
    const { option, how } = byKeyword.get(keyword) ?? { option: keyword, how: unknown };
    if (how === "honoured" || options.sameAs(defaults, keyword)) return [];
    const values = options.all(keyword);
    if (keyword === "requesttty" && values[0] === "force") return [];
    return values.map((value) => ({ option, value, why: how.why, needed: how.needed === true }));
  });
  const policy = options.first("stricthostkeychecking");
  const isOpen = policy === "false" || policy === "no" || policy === "off";
  return isOpen
    ? [...told, { option: "StrictHostKeyChecking", value: "no", why: openPolicy, needed: false }]
    : told;
}

const unknown: Handling = { why: "this version of Hostrun does not know it" };
const openPolicy = "a new host key is accepted, but a changed one is refused all the same";

/** Options that must not be ignored. */
export function needsOf(found: readonly NotHonoured[]): readonly HopNeed[] {
  return found.filter(({ needed }) => needed).map(({ option, value, why }) => ({ option, value, why }));
}
