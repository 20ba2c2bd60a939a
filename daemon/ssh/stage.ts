import type { ConnectMark } from "../transport/remote.ts";

/** What a login is at, on a connection that is up. */
export type LoginStage = "greeting" | "keyExchange" | "authentication" | "agentSignature" | "securityKey";

/** Why a login is tried once more. */
export type RetryReason = "too_many_logins" | "closed";

/** What the way to a running command is at. */
export interface Stage {
  readonly at: keyof typeof texts;
  /** The addresses that are tried, as a message names them. */
  readonly attempts?: string;
  /** Why the login before this one came to nothing. */
  readonly retryOf?: RetryReason | undefined;
}

/** As in "it was …" of a hop with this name. */
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

/** As in "it …". */
export const retryTexts: Readonly<Record<RetryReason, string>> = {
  too_many_logins: "accepts no more logins at once (MaxStartups)",
  closed: "closed the connection before its greeting",
};

/** As in "it was …", of a hop with this name. */
export function stageText(stage: Stage, name: string): string {
  const { at, attempts, retryOf } = stage;
  const isOnConnection = loginStages.has(at) && !isFirstGreeting(stage);
  const text = (isOnConnection ? `connected to ${name}, and ` : "") + texts[at](name, attempts);
  if (retryOf === undefined) return text;
  return `${text}${at === "retry" ? "," : " once more,"} since it ${retryTexts[retryOf]}`;
}

/** A connection is there, and the server has not said yet who it is. */
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
