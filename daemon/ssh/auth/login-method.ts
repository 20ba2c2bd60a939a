import type { AgentAuthMethod, KeyboardInteractiveAuthMethod, NoAuthMethod, PasswordAuthMethod } from "ssh2";
import type { Problem } from "../../../protocol/problem.ts";
import type { SecretMemory, SecretPlace } from "../../transport/secret-memory.ts";
import type { Hop } from "../../transport/remote.ts";
import type { Credentials, CredentialSource } from "./credentials.ts";
import type { Dialogue } from "./dialogue.ts";
import type { LoginAnswer } from "./login-advice.ts";

/** How somebody is logged in (RFC 4252), one request after the other. */
export interface LoginMethod {
  /** As the protocol names it. */
  readonly name: string;
  /** The next request to send; undefined: nothing is left to try. Rejects with a Problem where a person declines. */
  next(): Promise<LoginRequest | undefined>;
  /**
   * The server has not taken the last request; with `partial` it has, and wants another method besides. Returns what was
   * answered in vain.
   */
  refused(partial: boolean): LoginAnswer | undefined;
  /** The last request has logged in. */
  accepted(): void;
}

/** As ssh2 takes it. */
export type LoginRequest =
  | AgentAuthMethod
  | KeyboardInteractiveAuthMethod
  | NoAuthMethod
  | PasswordAuthMethod;

/** What the methods of one login share. */
export interface LoginContext {
  readonly hop: Hop;
  /** Whom secrets are kept for. */
  readonly place: SecretPlace;
  readonly credentials: Credentials;
  /** Where they are from. */
  readonly source: CredentialSource;
  readonly secrets: SecretMemory;
  readonly dialogue: Dialogue;
  /** Aborted when the login is over. */
  readonly signal: AbortSignal;
  /** Told when an agent is asked to sign, which may take a person. */
  readonly onAgentAsked: () => void;
  /** What a run fails with that nobody can be asked for. */
  unasked(): Problem;
  /** Ends the login. */
  fail(reason: unknown): void;
}

/** How often a person may be wrong (OpenSSH's NumberOfPasswordPrompts). */
export const maxWrongAnswers = 3;
