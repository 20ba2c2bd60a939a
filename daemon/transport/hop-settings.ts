import type { HostTransport } from "../../protocol/host.ts";

/**
 * How a host wants to be reached, logged in to and trusted beyond its address: what ssh_config(5) can say of it, with all
 * tokens expanded and all paths absolute. null and an empty list: as Hostrun's own default has it.
 */
export interface HopSettings {
  /** What reaches the host: ssh2 in the daemon, or the system's `ssh`; `auto`: what can. */
  readonly transport: HostTransport;
  /** A command whose standard input and output are the connection, to be run by the user's shell. Never with a jump. */
  readonly proxyCommand: string | null;
  readonly addressFamily: "any" | "inet" | "inet6";
  /** The address to connect from. */
  readonly bindAddress: string | null;
  readonly compression: boolean;
  /** So many keepalives may go unanswered, each so long after the one before; null: as the setting `keepaliveMs` says. */
  readonly keepalive: { readonly intervalMs: number; readonly countMax: number } | null;
  readonly login: LoginSettings;
  readonly trust: TrustSettings;
  readonly algorithms: AlgorithmSettings;
  /** What only OpenSSH itself can honour: without it the host is not to be connected to by ssh2. */
  readonly needs: readonly HopNeed[];
}

/** An option of ssh_config that must not be passed over. */
export interface HopNeed {
  /** In OpenSSH's spelling. */
  readonly option: string;
  readonly value: string;
  /** What it is needed for, as a clause: "it …". */
  readonly why: string;
}

export interface LoginSettings {
  /** A socket, `none` for no agent, or null for the caller's (SSH_AUTH_SOCK). */
  readonly identityAgent: string | null;
  /** False: `IdentityFile none`, no key file is used where none is configured. */
  readonly defaultIdentityFiles: boolean;
  readonly certificateFiles: readonly string[];
  /** Methods in the order to try them, without those that are switched off. Empty: OpenSSH's order. */
  readonly methods: readonly string[];
  /** GSSAPIAuthentication, and GSSAPIDelegateCredentials. */
  readonly gssapi: boolean;
  readonly gssapiDelegation: boolean;
  /** A library that has keys, absolute (PKCS11Provider). */
  readonly pkcs11Provider: string | null;
  /** A library for the keys of hardware, absolute; null: OpenSSH's own (SecurityKeyProvider). */
  readonly securityKeyProvider: string | null;
}

export interface TrustSettings {
  /** The name to look keys up by, in place of the address and port. */
  readonly hostKeyAlias: string | null;
  /** In place of ~/.ssh/known_hosts; an empty list for none, null for the default. */
  readonly userKnownHostsFiles: readonly string[] | null;
  /** In place of /etc/ssh/ssh_known_hosts; an empty list for none, null for the default. */
  readonly globalKnownHostsFiles: readonly string[] | null;
  readonly revokedHostKeys: string | null;
  /** With the tokens in it that are known only when a key is looked up (%H, %I, %t, %f, %K). */
  readonly knownHostsCommand: string | null;
  readonly hashKnownHosts: boolean;
  /** Bits of an RSA key; null: as the setting `requiredRsaSize` says. */
  readonly requiredRsaSize: number | null;
}

/** Names in OpenSSH's spelling, the best first; an empty list is Hostrun's own. */
export interface AlgorithmSettings {
  readonly kex: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  readonly hostKey: readonly string[];
  readonly publicKey: readonly string[];
}

/** Of a host of which no configuration says anything. */
export const plainHopSettings: HopSettings = {
  transport: "auto",
  proxyCommand: null,
  addressFamily: "any",
  bindAddress: null,
  compression: false,
  keepalive: null,
  login: {
    identityAgent: null,
    defaultIdentityFiles: true,
    certificateFiles: [],
    methods: [],
    gssapi: false,
    gssapiDelegation: false,
    pkcs11Provider: null,
    securityKeyProvider: null,
  },
  trust: {
    hostKeyAlias: null,
    userKnownHostsFiles: null,
    globalKnownHostsFiles: null,
    revokedHostKeys: null,
    knownHostsCommand: null,
    hashKnownHosts: false,
    requiredRsaSize: null,
  },
  algorithms: { kex: [], ciphers: [], macs: [], hostKey: [], publicKey: [] },
  needs: [],
};
