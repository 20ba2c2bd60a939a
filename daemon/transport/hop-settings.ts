import type { HostTransport } from "../../protocol/host.ts";

/**
 * How to reach, log in to and trust a host beyond its address: its options of ssh_config(5), with all tokens expanded and
 * all paths absolute. null or an empty list means Hostrun's default.
 */
export interface HopSettings {
  /** ssh2 in the daemon, or the system's `ssh`; `auto`: whichever is able to. */
  readonly transport: HostTransport;
  /**
   * A command whose standard input and output are the connection, run by the user's shell. Never combined with a jump.
   */
  readonly proxyCommand: string | null;
  readonly addressFamily: "any" | "inet" | "inet6";
  /** The address to connect from. */
  readonly bindAddress: string | null;
  readonly compression: boolean;
  /** How many keepalives may go unanswered, and the interval between them; null: the setting `keepaliveMs` applies. */
  readonly keepalive: { readonly intervalMs: number; readonly countMax: number } | null;
  readonly login: LoginSettings;
  readonly trust: TrustSettings;
  readonly algorithms: AlgorithmSettings;
  /** What only OpenSSH can honour: a host that needs it must not be connected to with ssh2. */
  readonly needs: readonly HopNeed[];
}

/** An option of ssh_config that must not be ignored. */
export interface HopNeed {
  /** In OpenSSH's spelling. */
  readonly option: string;
  readonly value: string;
  /** The reason, as a clause: "it …". */
  readonly why: string;
}

export interface LoginSettings {
  /** A socket, `none` for no agent, or null for the caller's (SSH_AUTH_SOCK). */
  readonly identityAgent: string | null;
  /** False: `IdentityFile none`; no key file is used if none is configured. */
  readonly defaultIdentityFiles: boolean;
  readonly certificateFiles: readonly string[];
  /** Methods in the order in which to try them, without disabled ones. Empty: OpenSSH's order. */
  readonly methods: readonly string[];
  /** GSSAPIAuthentication, and GSSAPIDelegateCredentials. */
  readonly gssapi: boolean;
  readonly gssapiDelegation: boolean;
  /** A library that provides keys, absolute (PKCS11Provider). */
  readonly pkcs11Provider: string | null;
  /** A library for hardware keys, absolute; null: OpenSSH's own (SecurityKeyProvider). */
  readonly securityKeyProvider: string | null;
}

export interface TrustSettings {
  /** The name under which keys are looked up, instead of address and port. */
  readonly hostKeyAlias: string | null;
  /** Replaces ~/.ssh/known_hosts; an empty list for none, null for the default. */
  readonly userKnownHostsFiles: readonly string[] | null;
  /** Replaces /etc/ssh/ssh_known_hosts; an empty list for none, null for the default. */
  readonly globalKnownHostsFiles: readonly string[] | null;
  readonly revokedHostKeys: string | null;
  /** Still contains the tokens that are known only when a key is looked up (%H, %I, %t, %f, %K). */
  readonly knownHostsCommand: string | null;
  readonly hashKnownHosts: boolean;
  /** Minimum size of an RSA key in bits; null: the setting `requiredRsaSize` applies. */
  readonly requiredRsaSize: number | null;
}

/** Names in OpenSSH's spelling, in order of preference; an empty list means Hostrun's own. */
export interface AlgorithmSettings {
  readonly kex: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  readonly hostKey: readonly string[];
  readonly publicKey: readonly string[];
}

/** The settings of a host without any configuration. */
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
