import type { ConnectMark } from "../transport/remote.ts";

/** The progress of a login on an established connection. */
export type LoginStage = "greeting" | "keyExchange" | "authentication" | "agentSignature" | "securityKey";

/** Why a login is retried. */
export type RetryReason = "too_many_logins" | "closed";

/** The progress towards a running command. */
export interface Stage {
  readonly at: keyof typeof texts;
  /** The addresses being tried, for a message. */
  readonly attempts?: string;
  /** Why the previous login failed. */
  readonly retryOf?: RetryReason | undefined;
}

/** Completes "it was …", for a hop with this name. */
const texts = {
  turn: () => "waiting for its turn",
  credentials: () => "looking up the keys to log in with",
  freeConnection: () => "waiting for a free connection, since the pool is at its limit",
  knownHosts: () => "reading known_hosts",
  handshakeTurn: (name: string) => `waiting for its turn to connect to ${name}`,
  resolve: (name: string) => `connecting to ${name}`,
  connect: (name: string, attempts?: string) =>
    `connecting to ${name}${attempts === undefined ? "" : ` at ${attempts}`}`,
  greeting: () => "waiting for the server's greeting",
  keyExchange: () => "exchanging keys",
  authentication: () => "logging in",
  agentSignature: () => "waiting for the SSH agent to sign",
  securityKey: () => "waiting for a security key to be touched",
  asking: () => "waiting for a person to answer",
  answered: () => "going on with what a person has answered",
  retry: () => "waiting to try again",
  reused: (name: string) => `connected to ${name}`,
  loginShell: () => "asking which shell runs its commands",
  session: () => "opening a session",
} as const;

const loginStages: ReadonlySet<Stage["at"]> = new Set<LoginStage>([
  "greeting",
  "keyExchange",
  "authentication",
  "agentSignature",
  "securityKey",
]);

/** Completes "it …". */
export const retryTexts: Readonly<Record<RetryReason, string>> = {
  too_many_logins: "accepts no more logins at once (MaxStartups)",
  closed: "closed the connection before its greeting",
};

/** Completes "it was …", for a hop with this name. */
export function stageText(stage: Stage, name: string): string {
  const { at, attempts, retryOf } = stage;
  const isOnConnection = loginStages.has(at) && !isFirstGreeting(stage);
  const text = (isOnConnection ? `connected to ${name}, and ` : "") + texts[at](name, attempts);
  if (retryOf === undefined) return text;
  return `${text}${at === "retry" ? "," : " once more,"} since it ${retryTexts[retryOf]}`;
}

/** The connection is established, and the server has not sent its identification yet. */
export function isFirstGreeting({ at, retryOf }: Stage): boolean {
  return at === "greeting" && retryOf === undefined;
}

const marks: Partial<Record<Stage["at"], ConnectMark>> = {
  resolve: "resolve",
  connect: "connect",
  greeting: "connect",
  keyExchange: "hostKey",
  authentication: "authentication",
  asking: "asking",
  answered: "answered",
  reused: "reused",
};

export function markOf({ at }: Stage): ConnectMark | undefined {
  return marks[at];
}
