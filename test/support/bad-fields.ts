import type { EndpointName } from "../../protocol/api.ts";

/** Names that must not reach a shell, a log or a tree, whatever is done with them later. */
export const hostileNames = [
  "",
  "-oProxyCommand=touch",
  "a;id",
  "a&&id",
  "$(id)",
  "`id`",
  "a|b",
  "a>b",
  "a b",
  "a\tb",
  "a\nb",
  "a\0b",
  "a'b",
  'a"b',
  "a\u001b[31m",
  "a\u202eb",
  "a\u200bb",
  "a\ud800b",
  "x".repeat(256),
];

/** What ssh takes for a host's name and known_hosts takes for more than one host, or for something else. */
export const namesOfMore = [
  "*",
  "*.example.org",
  "web?",
  "!web1",
  "web1,web2",
  "|1|c2FsdA==|aGFzaA==",
  "@revoked",
  "@cert-authority",
  "#web1",
  "web1#",
  "[web1]:22",
  "[web1]",
  "web1:22",
  "a%b",
];

const notBoolean = ["yes", 1, null, [], {}];
const notText = [1, true, {}, []];
const flag = { values: notBoolean };
const span = { values: [-1, 1.5, "1", true, 1e20] };
const size = { values: [0, -1, 10_000, 1.5, "80", null] };
const hostRef = { values: [...hostileNames, 0, -1, 1.5, null, true, {}, []] };
const optionalPath = { values: ["", "a\0b", "x".repeat(4097), ...notText] };

const variables = {
  values: [
    "A=b",
    [],
    1,
    null,
    { "1A": "x" },
    { "A-B": "x" },
    { "A;id": "x" },
    { "": "x" },
    { A: 1 },
    { A: null },
    { A: "a\0b" },
  ],
};

/** A field and values that it must not take. */
export type BadFields = Readonly<Record<string, { readonly values: readonly unknown[] }>>;

const runFields: BadFields = {
  command: {
    values: ["", "\0", "a\0b", null, ...notText, "x".repeat(65_537), "é".repeat(32_769), "😀".repeat(16_385)],
  },
  useBash: flag,
  worker: { values: ["on", true, null, 1] },
  prompts: { values: ["yes", true, null, 1] },
  loginShell: { values: ["yes", 1, [], {}] },
  cwd: optionalPath,
  env: variables,
  secretEnv: variables,
  stdin: { values: notText },
  stdinOpen: flag,
  pty: flag,
  sudo: flag,
  cols: size,
  rows: size,
  timeoutMs: span,
  connectTimeoutMs: { values: [0, 600_001, ...span.values] },
  cacheTtlMs: { values: [86_400_001, ...span.values] },
  cache: { values: ["", "no", null, true, 1] },
  recordLimitBytes: span,
  durable: flag,
  agentSocket: optionalPath,
};

const hostFields: BadFields = {
  name: { values: [...hostileNames, null, ...notText] },
  address: { values: [...hostileNames, null, ...notText] },
  port: { values: [0, 65_536, -1, 1.5, "22", null] },
  user: { values: [...hostileNames, "a\\", ...notText] },
  identityFile: { values: ["", "a\nb", "a\0b", "x".repeat(4097), ...notText] },
  jump: {
    values: ["bastion", [""], ["-x"], ["a;id"], ["u@h:99999"], ["u@-h"], [1], Array(9).fill("b"), null],
  },
  group: { values: ["", "a\nb", "a\u202eb", "x".repeat(256), ...notText] },
  tags: { values: ["web", [""], ["a\nb"], ["x".repeat(65)], [1], Array(65).fill("t"), null] },
  color: { values: ["", "<b>", "url(x)", "#12345", "red;", ...notText] },
  production: flag,
  favorite: flag,
  loginShell: flag,
  hostKeyPolicy: { values: ["no", "", 1, true] },
  transport: { values: ["ssh", "", 1, null] },
  worker: { values: ["on", "", true, null] },
  legacyAlgorithms: flag,
};

const days = { values: [-1, 1.5, "1", true, 1e20] };

const streamQuery = { raw: ["true", "2", ""], follow: ["1", "All", ""], positions: ["2", ""] };
const startQuery = { ...streamQuery, production: ["ask", ""] };
const targets = { values: [[], "web1", null, [""], ["a b"], ["a\nb"], [1], ["x".repeat(1025)]] };
const { stdinOpen: _open, ...jobRunFields } = runFields;
const jobFields: BadFields = {
  ...jobRunFields,
  targets,
  concurrency: { values: [0, -1, 1001, 1.5, "4", null] },
  failFast: flag,
  sameSudoPassword: flag,
  batches: { values: [[], [0], [-1], ["0.5%"], ["101%"], ["x"], 3, "10%"] },
  maxFailures: { values: [-1, 1.5, "101%", "x", true] },
  name: { values: ["", "a\nb", "x".repeat(256), ...notText] },
  template: {
    values: [
      [],
      { inputs: [] },
      { inputs: [{ name: "1a", type: "text" }], values: {} },
      { inputs: [{ name: "a", type: "text" }], values: {} },
      { inputs: [{ name: "a", type: "text" }], values: { a: "b\nc" } },
      { inputs: [{ name: "a", type: "number" }], values: { a: "b" } },
    ],
  },
};
const snippetFields: BadFields = {
  name: { values: ["", " a", "a ", "a\nb", "a\u001b[31m", "x".repeat(101), "12", null, ...notText] },
  description: { values: ["x".repeat(2001), null, ...notText] },
  command: { values: ["", "a\0b", "x".repeat(65_537), null, ...notText] },
  inputs: {
    values: [
      null,
      {},
      "x",
      Array.from({ length: 33 }, (_, at) => ({ name: `a${at}`, type: "text" })),
      ...[
        { name: "1a", type: "text" },
        { name: "a-b", type: "text" },
        { name: "host", type: "text" },
        { name: "a", type: "nope" },
        { name: "a", type: "choice" },
        { name: "a", type: "text", choices: ["b"] },
        { name: "a", type: "choice", choices: [] },
        { name: "a", type: "text", min: 1 },
        { name: "a", type: "number", max: "1" },
        { name: "a", type: "secret", default: "kept" },
        { name: "a", type: "text", default: "a\nb" },
        { name: "a", type: "text", nope: 1 },
        { name: "a", type: "number", min: 2, max: 1 },
        { name: "a", type: "number", max: 1, default: "2" },
        { name: "a", type: "number", default: "x" },
        { name: "a", type: "choice", choices: ["b"], default: "a" },
        { name: "a", type: "host", default: "h2;id" },
      ].map((input) => [input]),
    ],
  },
  options: {
    values: [null, [], { nope: 1 }, { sudo: "yes" }, { cwd: "" }, { sudo: true, durable: true }],
  },
  targets: { values: [null, {}, ["a b"], [""], Array.from({ length: 101 }, () => "a")] },
};
const offsets = ["-1", "1.5", "x", ""];

interface Case {
  /** With names in place of the parameters. */
  readonly path: string;
  /** What would be taken but for the one bad field; none for a query. */
  readonly good: Readonly<Record<string, unknown>>;
  readonly body?: BadFields;
  readonly query?: Readonly<Record<string, readonly string[]>>;
}

/** For every endpoint that takes anything, every field of it with what is no good. */
export const badFields = (run: string): Partial<Record<EndpointName, Case>> => ({
  createRun: {
    path: "/api/runs",
    good: { host: "web1", command: "true" },
    body: { host: hostRef, ...runFields },
    query: startQuery,
  },
  streamRun: {
    path: "/api/ssh/stream",
    good: { command: "true" },
    body: { host: hostRef, hostId: hostRef, ...runFields },
    query: startQuery,
  },
  createHost: {
    path: "/api/hosts",
    good: { name: "new1", address: "10.0.0.1" },
    body: hostFields,
  },
  updateHost: { path: "/api/hosts/web1", good: {}, body: hostFields },
  importHosts: {
    path: "/api/hosts/import",
    good: { source: "ssh_config", dryRun: true },
    body: {
      source: { values: ["ansible", "", null, 1] },
      // A host of them that is none is skipped alone.
      hosts: { values: ["web1", null, {}, [], [1]] },
      update: flag,
      path: { values: ["", "a\0b", "x".repeat(4097), null, ...notText] },
      dryRun: flag,
      names: { values: ["web1", null, {}, ...hostileNames.map((name) => ["web1", name]), [1]] },
    },
  },
  connectHost: {
    path: "/api/hosts/web1/connect",
    good: {},
    body: {
      agentSocket: { values: ["x".repeat(4097), ...notText] },
      production: { values: ["ask", "", null, true] },
    },
  },
  testHost: {
    path: "/api/hosts/web1/test",
    good: {},
    body: {
      connectTimeoutMs: { values: [0, 600_001, ...span.values] },
      agentSocket: { values: ["x".repeat(4097), ...notText] },
      prompts: { values: ["no", "", 1, null] },
      fresh: flag,
      testId: { values: ["", "a b", "x".repeat(65), ...notText] },
    },
  },
  rerun: {
    path: `/api/runs/${run}/rerun`,
    good: {},
    query: streamQuery,
    body: {
      agentSocket: optionalPath,
      secretEnv: variables,
      prompts: { values: ["yes", true, null, 1] },
      cacheTtlMs: { values: [86_400_001, ...span.values] },
    },
  },
  cancelRun: {
    path: `/api/runs/${run}/cancel`,
    good: {},
    body: { graceMs: { values: [600_001, null, ...span.values] } },
  },
  runStdin: {
    path: `/api/runs/${run}/stdin`,
    good: {},
    body: {
      data: { values: [null, ...notText] },
      encoding: { values: ["latin1", "", null, 1] },
      end: flag,
    },
    query: { end: ["yes", "", "1"] },
  },
  resizeRun: {
    path: `/api/runs/${run}/resize`,
    good: { cols: 80, rows: 24 },
    body: { cols: size, rows: size },
  },
  replaceToken: { path: "/api/token/rotate", good: {}, body: {} },
  shutdown: { path: "/api/shutdown", good: {}, body: { drain: flag } },
  addKnownHost: {
    path: "/api/known-hosts",
    good: { address: "10.0.0.1", key: "AAAA" },
    body: {
      address: { values: [...hostileNames, ...namesOfMore, null, ...notText] },
      port: { values: [0, 65_536, "22", null] },
      key: { values: ["", "ssh-ed25519 AAAA", "a b", "AAAA", "x".repeat(16_385), null, ...notText] },
    },
  },
  createKey: {
    path: "/api/keys",
    good: { name: "never_made" },
    body: {
      type: { values: ["dsa", "", "ssh-ed25519", null, 1] },
      name: { values: ["", "../x", "-x", ".x", "a/b", "a b", "x.pub", "x".repeat(101), null, ...notText] },
      passphrase: { values: ["a\nb", "a\0b", "x".repeat(1001), null, ...notText] },
      comment: { values: ["a\nb", "a\0b", "x".repeat(201), null, ...notText] },
    },
  },
  installKey: {
    path: "/api/keys/0/install",
    good: { host: "web1" },
    body: {
      host: { values: [...hostileNames, null, ...notText] },
      agentSocket: { values: ["", "x".repeat(4097), ...notText] },
      prompts: { values: ["no", "", 1, null] },
    },
  },
  createSnippet: {
    path: "/api/snippets",
    good: { name: "never kept", command: "true" },
    body: snippetFields,
  },
  updateSnippet: { path: "/api/snippets/0", good: {}, body: snippetFields },
  expandSnippet: {
    path: "/api/snippets/0/expand",
    good: {},
    body: {
      inputs: { values: [null, [], { a: 1 }, { a: "x".repeat(4097) }, { ["x".repeat(65)]: "a" }] },
      host: { values: ["", "x".repeat(256), 1, {}] },
      hosts: { values: [null, [""], ["x".repeat(256)], [1], Array.from({ length: 201 }, () => "web1")] },
    },
  },
  expandTemplate: {
    path: "/api/snippets/expand",
    good: { snippet: { name: "a", command: "true" } },
    body: {
      snippet: { values: [null, [], {}, { name: "a", command: "echo {{b}}" }] },
      inputs: { values: [null, [], { a: 1 }, { a: "x".repeat(4097) }, { ["x".repeat(65)]: "a" }] },
      host: { values: ["", "x".repeat(256), 1, {}] },
      hosts: { values: [null, [""], ["x".repeat(256)], [1], Array.from({ length: 201 }, () => "web1")] },
    },
  },
  listKeys: { path: "/api/keys", good: {}, query: { agentSocket: ["", "x".repeat(4097)] } },
  getKey: { path: "/api/keys/0", good: {}, query: { agentSocket: ["", "x".repeat(4097)] } },
  updateSettings: {
    path: "/api/settings",
    good: {},
    body: {
      poolMaxConnections: { values: [0, 10_001, 1.5, "9"] },
      poolIdleMs: span,
      channelsPerConnection: { values: [0, 11, 1.5, "5"] },
      connectTimeoutMs: { values: [99, 600_001, "20000"] },
      commandTimeoutMs: span,
      keepaliveMs: { values: [...span.values, 1, 99, 3_600_001] },
      maxQueuedRuns: span,
      defaultUser: { values: hostileNames },
      defaultPort: { values: [0, 65_536, "22"] },
      defaultKeyType: { values: ["dsa", "", 1] },
      hostKeyPolicy: { values: ["no", "", 1] },
      requiredRsaSize: { values: [1023, 16_385, 2048.5, "2048"] },
      redisUrl: { values: ["http://x", "localhost", "redis+sentinel://[", "redis://%zz@x", "", 1] },
      historyDays: days,
      historyMaxBytes: { values: [0, 1_048_575, "1048576"] },
      idleExitMs: span,
      promptTimeoutMs: { values: [...span.values, 0, 99, 3_600_001] },
      logLevel: { values: ["loud", "", 1] },
      listen: { values: ["0.0.0.0:0", "127.0.0.1", "127.0.0.1:65536", "localhost:1", "[::]:1", "", 1] },
      rateLimitPerMinute: { values: [-1, 1.5, 1_000_001, "30"] },
      drainTimeoutMs: span,
    },
  },
  listHosts: { path: "/api/hosts", good: {}, query: { q: ["x".repeat(256)] } },
  deleteKnownHosts: {
    path: "/api/known-hosts",
    good: { address: "h" },
    query: { address: ["", "x".repeat(256)], port: ["x", "", "-1", "1.5", "999999"] },
  },
  listRuns: {
    path: "/api/runs",
    good: {},
    query: {
      host: ["x".repeat(256)],
      q: ["x".repeat(1025)],
      state: ["done", ""],
      outcome: ["ok", ""],
      is: ["done", "Failed", ""],
      exit: ["x", "", "-1", "!", "=3", "3 ", ">>1", "0 OR 1=1", "99999999999"],
      job: ["", "0189000", "x".repeat(9), "01890000%", "0".repeat(37)],
      pinned: ["yes", "1", ""],
      notHost: ["", ",", "a,,b", "x".repeat(1025)],
      notState: ["done", ""],
      notOutcome: ["ok", ""],
      notIs: ["Failed", ""],
      notJob: ["", "0189000"],
      previousOf: ["x".repeat(65)],
      since: ["yesterday", "2026-01-01", ""],
      until: ["tomorrow", ""],
      limit: ["0", "501", "-1", "ten", ""],
      cursor: ["x", "-1", "1; DROP TABLE runs", "x".repeat(513)],
    },
  },
  updateRun: {
    path: `/api/runs/${run}`,
    good: {},
    body: {
      pinned: flag,
      note: { values: ["a\nb", "a\0b", "a\u001b[31m", "a\u0085b", "a\u2028b", "x".repeat(501), ...notText] },
    },
  },
  runEvents: {
    path: `/api/runs/${run}/events`,
    good: {},
    query: {
      after: ["x".repeat(65)],
      stdout: offsets,
      stderr: offsets,
      ...streamQuery,
    },
  },
  answerPrompt: {
    path: "/api/prompts/0",
    good: { answers: [] },
    body: {
      answers: { values: ["x", null, [1], ["x".repeat(4097)], {}, ["a\0b"]] },
      remember: { values: ["forever", "", 1, null] },
    },
  },
  keepSecrets: {
    path: "/api/hosts/web1/secrets",
    good: {},
    body: {
      password: { values: ["", "a\0b", "x".repeat(4097), ...notText] },
      passphrase: { values: ["", "a\0b", "x".repeat(4097), ...notText] },
    },
  },
  createJob: {
    path: "/api/jobs",
    good: { targets: ["web1"], command: "true" },
    body: jobFields,
    query: { raw: ["2"], output: ["2", ""] },
  },
  resolveTargets: { path: "/api/targets/resolve", good: { targets: ["web1"] }, body: { targets } },
  listJobs: { path: "/api/jobs", good: {}, query: { limit: ["0", "1001", "x"], cursor: ["x", "-1"] } },
  listJobRuns: {
    path: `/api/jobs/${run}/runs`,
    good: {},
    query: {
      state: ["done", ""],
      outcome: ["ok", ""],
      exitCode: ["x", "256", ""],
      sort: ["size", ""],
      limit: ["0", "1001", "x"],
      cursor: ["x".repeat(65)],
    },
  },
  jobEvents: {
    path: `/api/jobs/${run}/events`,
    good: {},
    query: { after: ["x".repeat(65)], raw: ["2"], output: ["2", ""] },
  },
  jobDiff: {
    path: `/api/jobs/${run}/diff`,
    good: { a: run, b: run },
    query: { a: ["x".repeat(65)], b: ["x".repeat(65)], stream: ["stdin", ""] },
  },
  runDiff: {
    path: `/api/runs/${run}/diff`,
    good: { with: run },
    query: { with: ["x".repeat(65)], stream: ["stdin", ""] },
  },
  jobGroups: { path: `/api/jobs/${run}/groups`, good: {}, query: { by: ["size", ""] } },
  cancelJob: {
    path: `/api/jobs/${run}/cancel`,
    good: {},
    body: { graceMs: { values: [600_001, null, ...span.values] } },
  },
  rerunJob: {
    path: `/api/jobs/${run}/rerun`,
    good: {},
    body: {
      only: { values: ["some", "", null] },
      secretEnv: variables,
      agentSocket: optionalPath,
      prompts: { values: ["yes", 1] },
    },
  },
  runOutput: { path: `/api/runs/${run}/output`, good: {}, query: { stream: ["stdin", ""] } },
  changes: { path: "/api/events", good: {}, query: { after: ["x".repeat(65)] } },
});
