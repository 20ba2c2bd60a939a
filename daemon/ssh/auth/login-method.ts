import type { AgentAuthMethod, KeyboardInteractiveAuthMethod, NoAuthMethod, PasswordAuthMethod } from "ssh2";
import type { Problem } from "../../../protocol/problem.ts";
import type { SecretMemory, SecretPlace } from "../../transport/secret-memory.ts";
import type { Hop } from "../../transport/remote.ts";
import type { Credentials, CredentialSource } from "./credentials.ts";
import type { Dialogue } from "./dialogue.ts";
import type { LoginAnswer } from "./login-advice.ts";

/** An authentication method (RFC 4252), as a sequence of requests. */
export interface LoginMethod {
  /** As the protocol names it. */
  readonly name: string;
  /** The next request to send; undefined: nothing is left to try. Rejects with a Problem when a person declines. */
  next(): Promise<LoginRequest | undefined>;
  /**
   * The server refused the last request or, with `partial`, accepted it and requires another method. Returns the refused
   * answer.
   */
  refused(partial: boolean): LoginAnswer | undefined;
  /** The last request succeeded. */
  accepted(): void;
}

/** In ssh2's form. */
export type LoginRequest =
  | AgentAuthMethod
  | KeyboardInteractiveAuthMethod
  | NoAuthMethod
  | PasswordAuthMethod;

/** What the methods of one login share. */
export interface LoginContext {
  readonly hop: Hop;
  /** The login that secrets are stored for. */
  readonly place: SecretPlace;
  readonly credentials: Credentials;
  /** Where the credentials are from. */
  readonly source: CredentialSource;
  readonly secrets: SecretMemory;
  readonly dialogue: Dialogue;
  /** Aborted when the login is over. */
  readonly signal: AbortSignal;
  /** Called when an agent is asked to sign, which may need a person. */
  readonly onAgentAsked: () => void;
  /** What a run fails with if a prompt is needed and nobody can be asked. */
  unasked(): Problem;
  /** Ends the login. */
  fail(reason: unknown): void;
}

/** How often a person may answer wrongly (OpenSSH's NumberOfPasswordPrompts). */
export const maxWrongAnswers = 3;
