import type { EffectiveValues } from "../../protocol/host.ts";

/** A configuration, a name, and what is to be found for it. DIR stands for ~/.ssh, WHOAMI for the account's name. */
export interface ConfigCase {
  readonly what: string;
  readonly config: string;
  /** Default: web. */
  readonly name?: string;
  readonly expected: Partial<EffectiveValues>;
  /** Further files, by their paths below ~/.ssh. */
  readonly files?: Readonly<Record<string, string>>;
  /** Includes by relative names: ssh itself, which knows no HOME, finds them nowhere. */
  readonly relative?: true;
  /** In `notHonoured`. */
  readonly told?: readonly string[];
}

const on = (lines: string): string => `Host web\n${lines.replaceAll(/^/gm, " ")}\n`;

/** One line of a Host block, and what becomes of it. */
const lines: readonly [line: string, expected: Partial<EffectiveValues>][] = [
  ["HostName 10.0.0.5", { address: "10.0.0.5" }],
  ["HostName %h.example.org", { address: "web.example.org" }],
  ["HostName ::1", { address: "::1" }],
  ["HostName=10.0.0.5", { address: "10.0.0.5" }],
  ["hostname = 10.0.0.5", { address: "10.0.0.5" }],
  ['HostName "10.0.0.5"', { address: "10.0.0.5" }],
  ["HostName 10.0.0.5 # in the cellar", { address: "10.0.0.5" }],
  ["HostName A.Example", { address: "a.example" }],
  ["User bob", { user: "bob" }],
  ["User DOMAIN\\bob", { user: "DOMAIN\\bob" }],
  ["User bob@example.org", { user: "bob@example.org" }],
  ["User 'bob'", { user: "bob" }],
  ["Port 2222", { port: 2222 }],
  ["Port ssh", { port: 22 }],
  ["Port https", { port: 443 }],
  ["IdentityFile /k/a", { identityFiles: ["/k/a"] }],
  ["IdentityFile /k/a\nIdentityFile /k/b\nIdentityFile /k/a", { identityFiles: ["/k/a", "/k/b"] }],
  ["IdentityFile ~/.ssh/a", { identityFiles: ["DIR/a"] }],
  ["IdentityFile %d/.ssh/%r@%h", { user: "bob", identityFiles: ["DIR/bob@web"] }],
  ["IdentityFile ${HOME}/.ssh/a", { identityFiles: ["DIR/a"] }],
  ["IdentityFile ~root/a", { identityFiles: ["/root/a"] }],
  ['IdentityFile "/k/a b"', { identityFiles: ["/k/a b"] }],
  ["IdentityFile '/k/a b'", { identityFiles: ["/k/a b"] }],
  ["IdentityFile /k/a\\ b", { identityFiles: ["/k/a b"] }],
  ["IdentityFile /k/a#b", { identityFiles: ["/k/a#b"] }],
  ["IdentityFile /k/%%-%n-%p", { identityFiles: ["/k/%-web-22"] }],
  ["IdentityFile none", { identityFiles: [] }],
  ["IdentitiesOnly yes", { identitiesOnly: true }],
  ["IdentitiesOnly true", { identitiesOnly: true }],
  ["IdentitiesOnly no", { identitiesOnly: false }],
  ["IdentityAgent none", { identityAgent: "none" }],
  ["IdentityAgent SSH_AUTH_SOCK", { identityAgent: null }],
  ["IdentityAgent ~/.ssh/agent-%r", { user: "bob", identityAgent: "DIR/agent-bob" }],
  ["IdentityAgent $CORPUS_AGENT", { identityAgent: "/run/corpus" }],
  ["IdentityAgent $CORPUS_UNSET", { identityAgent: "none" }],
  ["CertificateFile ~/.ssh/c-cert.pub", { certificateFiles: ["DIR/c-cert.pub"] }],
  ["ProxyJump gate", { jump: ["gate"], proxyCommand: null }],
  ["ProxyJump bob@gate:2222,ssh://ann@other:23", { jump: ["bob@gate:2222", "ann@other:23"] }],
  ["ProxyJump [::1]:23", { jump: ["[::1]:23"] }],
  ["ProxyJump none", { jump: [] }],
  ["ProxyJump none\nProxyCommand nc %h %p", { jump: [], proxyCommand: "nc web 22" }],
  ["ProxyCommand nc %h %p", { jump: [], proxyCommand: "nc web 22" }],
  ["ProxyCommand nc %h %p\nProxyJump gate", { jump: [], proxyCommand: "nc web 22" }],
  ["ProxyJump gate\nProxyCommand nc %h %p", { jump: ["gate"], proxyCommand: null }],
  ["ProxyCommand none", { proxyCommand: null }],
  ["ProxyCommand sh -c 'nc \"%h\" %p %% %n' # here", { proxyCommand: "sh -c 'nc \"web\" 22 % web' # here" }],
  ["AddressFamily inet", { addressFamily: "inet" }],
  ["AddressFamily inet6", { addressFamily: "inet6" }],
  ["BindAddress 127.0.0.9", { bindAddress: "127.0.0.9" }],
  ["ConnectTimeout 7", { connectTimeoutMs: 7000 }],
  ["ConnectTimeout 1m", { connectTimeoutMs: 60_000 }],
  ["ServerAliveInterval 15", { keepalive: { intervalMs: 15_000, countMax: 3 } }],
  ["ServerAliveInterval 2m\nServerAliveCountMax 5", { keepalive: { intervalMs: 120_000, countMax: 5 } }],
  ["StrictHostKeyChecking yes", { hostKeyPolicy: "strict" }],
  ["StrictHostKeyChecking accept-new", { hostKeyPolicy: "acceptNew" }],
  ["StrictHostKeyChecking ask", { hostKeyPolicy: "ask" }],
  ["HostKeyAlias shared", { hostKeyAlias: "shared" }],
  ["UserKnownHostsFile /k/known", { userKnownHostsFiles: ["/k/known"] }],
  ["UserKnownHostsFile /k/a /k/b", { userKnownHostsFiles: ["/k/a", "/k/b"] }],
  ["UserKnownHostsFile /dev/null", { userKnownHostsFiles: ["/dev/null"] }],
  ["UserKnownHostsFile none", { userKnownHostsFiles: [] }],
  ["UserKnownHostsFile /k/%h", { userKnownHostsFiles: ["/k/web"] }],
  ["GlobalKnownHostsFile /k/all", { globalKnownHostsFiles: ["/k/all"] }],
  ["RevokedHostKeys /k/revoked", { revokedHostKeys: "/k/revoked" }],
  ["KnownHostsCommand /k/known %H", { knownHostsCommand: "/k/known %H" }],
  ["HashKnownHosts yes", { hashKnownHosts: true }],
  ["RequiredRSASize 3072", { requiredRsaSize: 3072 }],
  ["Ciphers aes256-ctr", { ciphers: ["aes256-ctr"] }],
  ["KexAlgorithms curve25519-sha256", { kexAlgorithms: ["curve25519-sha256"] }],
  ["MACs hmac-sha2-512", { macs: ["hmac-sha2-512"] }],
  ["HostKeyAlgorithms ssh-ed25519", { hostKeyAlgorithms: ["ssh-ed25519"] }],
  ["PubkeyAcceptedAlgorithms ssh-ed25519", { pubkeyAcceptedAlgorithms: ["ssh-ed25519"] }],
  ["PubkeyAuthentication no", { methods: ["keyboard-interactive", "password"] }],
  ["PreferredAuthentications password,publickey", { methods: ["password", "publickey"] }],
  ["PreferredAuthentications publickey\nPubkeyAuthentication no", { methods: ["none"] }],
  ['SetEnv CORPUS=x OTHER="a b"', { environment: ["CORPUS", "OTHER"] }],
  ["SendEnv CORPUS_*", { environment: ["CORPUS_AGENT"] }],
  ["SendEnv CORPUS_*\nSendEnv -CORPUS*", { environment: [] }],
  ["RequestTTY force", { pty: true }],
  ["IgnoreUnknown Corpus*\nCorpusOption x\nUser bob", { user: "bob" }],
];

const blocks: readonly ConfigCase[] = [
  { what: "the first value", config: "Host web\n Port 1\n Port 2\nHost *\n Port 3\n", expected: { port: 1 } },
  {
    what: "a later block",
    config: "Host other\n Port 1\nHost web\nHost *\n Port 3\n",
    expected: { port: 3 },
  },
  { what: "before any block", config: "Port 9\nHost web\n Port 1\n", expected: { port: 9 } },
  { what: "one letter", config: "Host we?\n Port 7\n", expected: { port: 7 } },
  { what: "a negated name", config: "Host * !web\n Port 7\n", expected: { port: 22 } },
  {
    what: "a list with commas, which is one name",
    config: "Host web,other\n Port 7\nHost web\n",
    expected: { port: 22 },
  },
  { what: "upper case", config: "Host WEB\n Port 7\nHost web\n Port 8\n", expected: { port: 8 } },
  { what: "Match all", config: "Match all\n Port 7\nHost web\n", expected: { port: 7 } },
  {
    what: "Match host",
    config: "Host web\n HostName 10.0.0.5\nMatch host 10.0.0.*\n Port 7\n",
    expected: { port: 7 },
  },
  {
    what: "Match host with tokens",
    config: "Host web\n HostName %h.lan\nMatch host web.lan\n Port 7\n",
    expected: { port: 7 },
  },
  {
    what: "Match originalhost",
    config: "Host web\n HostName 10.0.0.5\nMatch originalhost web\n Port 7\n",
    expected: { port: 7 },
  },
  { what: "Match not host", config: "Match !host other\n Port 7\nHost web\n", expected: { port: 7 } },
  { what: "Match user", config: "Host web\n User bob\nMatch user bob\n Port 7\n", expected: { port: 7 } },
  {
    what: "Match of a given user",
    name: "ann@web",
    config: "Host web\nMatch user ann\n Port 7\n",
    expected: { port: 7, user: "ann" },
  },
  { what: "Match localuser", config: "Match localuser WHOAMI\n Port 7\nHost web\n", expected: { port: 7 } },
  { what: "Match of two", config: "Match host web user nobody\n Port 7\nHost web\n", expected: { port: 22 } },
  { what: "Match exec", config: 'Match exec "test %h = web"\n Port 7\nHost web\n', expected: { port: 7 } },
  { what: "Match not exec", config: "Match !exec false\n Port 7\nHost web\n", expected: { port: 7 } },
  {
    what: "Match final",
    config: "Host web\n HostName 10.0.0.5\nMatch final host 10.0.0.5\n Port 7\n",
    expected: { port: 7 },
  },
  {
    what: "CanonicalizeHostname with Match canonical",
    config:
      "CanonicalizeHostname always\nCanonicalizeFallbackLocal yes\nMatch canonical all\n Port 7\nHost web\n HostName 127.0.0.1\n",
    expected: { port: 7, address: "127.0.0.1" },
  },
  { what: "a given port", name: "web:2022", config: on("Port 7"), expected: { port: 2022 } },
  {
    what: "a name that only a pattern means",
    name: "x.lan",
    config: "Host *.lan\n User bob\n",
    expected: { user: "bob" },
  },
  {
    what: "Include",
    config: "Include DIR/more\nHost web\n Port 8\n",
    files: { more: "Host web\n Port 7\n" },
    expected: { port: 7 },
  },
  {
    what: "Include by pattern",
    config: "Include DIR/d/*.conf\nHost web\n",
    files: { "d/b.conf": "Port 8\n", "d/a.conf": "Port 7\n", "d/c": "Port 6\n" },
    expected: { port: 7 },
  },
  {
    what: "an included block, and what follows",
    config: "Include DIR/more\nUser bob\nHost web\n",
    files: { more: "Host gate\n Port 7\n" },
    expected: { user: "bob", port: 22 },
  },
  {
    what: "Include in a block",
    config: "Host other\n Include DIR/more\nHost web\n",
    files: { more: "Host *\n Port 7\n" },
    expected: { port: 22 },
  },
  {
    what: "Include in a block of its own",
    config: "Host web\n Include DIR/more\n User bob\n",
    files: { more: "Port 7\nHost other\n Port 8\n" },
    expected: { port: 7, user: "bob" },
  },
  {
    what: "Include in a Match that does not hold",
    config: "Host web\nMatch host x\n Include DIR/more\n",
    files: { more: "Match all\n Port 7\n" },
    expected: { port: 22 },
  },
  {
    what: "Include of what is not there",
    config: "Include DIR/nowhere\nHost web\n Port 7\n",
    expected: { port: 7 },
  },
  {
    what: "Include by a relative name",
    relative: true,
    config: "Include d/*\nHost web\n",
    files: { "d/a": "Include ~/.ssh/more\nUser bob\n", more: "Host web\n Port 7\n" },
    expected: { port: 7, user: "bob" },
  },
  { what: "RequestTTY yes", config: on("RequestTTY yes"), expected: { pty: false }, told: ["RequestTTY"] },
  {
    what: "Compression",
    config: on("Compression yes"),
    expected: { compression: true },
    told: ["Compression"],
  },
  { what: "ForwardAgent", config: on("ForwardAgent yes"), expected: {}, told: ["ForwardAgent"] },
  {
    what: "forwards",
    config: on("LocalForward 8080 localhost:80\nDynamicForward 1080"),
    expected: {},
    told: ["DynamicForward", "LocalForward"],
  },
  { what: "RemoteCommand", config: on("RemoteCommand tmux"), expected: {}, told: ["RemoteCommand"] },
  { what: "VerifyHostKeyDNS", config: on("VerifyHostKeyDNS yes"), expected: {}, told: ["VerifyHostKeyDNS"] },
  {
    what: "StrictHostKeyChecking no",
    config: on("StrictHostKeyChecking no"),
    expected: { hostKeyPolicy: "acceptNew" },
    told: ["StrictHostKeyChecking"],
  },
];

export const configCorpus: readonly ConfigCase[] = [
  ...lines.map(([line, expected]) => ({
    what: line.replaceAll("\n", "; "),
    config: on(/^(?:IdentityFile|IdentityAgent).*%r/.test(line) ? `${line}\nUser bob` : line),
    expected,
  })),
  ...blocks,
];
