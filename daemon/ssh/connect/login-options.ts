import type { Duplex } from "node:stream";
import type { Log } from "../../core/log.ts";
import type { BannerSource, Hop } from "../../transport/remote.ts";
import type { SecretMemory, SecretPlace } from "../../transport/secret-memory.ts";
import type { Credentials, CredentialSource } from "../auth/credentials.ts";
import type { Dialogue } from "../auth/dialogue.ts";
import type { HostKeys } from "../host-keys/host-keys.ts";
import type { LoginStage } from "../stage.ts";
import type { SshConnection } from "./ssh-connection.ts";

export interface LoginOptions {
  readonly hop: Hop;
  /** Already connected; destroyed when the connection ends, however it ends. */
  readonly socket: Duplex;
  /** The bastion's connection that it is tunnelled through; undefined: there is none. */
  readonly bastion: SshConnection | undefined;
  readonly hostKeys: HostKeys;
  readonly credentials: Credentials;
  readonly source: CredentialSource;
  /** The login that secrets are stored for, and the store. */
  readonly place: SecretPlace;
  readonly secrets: SecretMemory;
  readonly dialogue: Dialogue;
  /** Milliseconds; 0: off. */
  readonly keepaliveMs: number;
  readonly requiredRsaSize: number;
  readonly log: Log;
  /** Called with each stage of the login. */
  onStage(stage: LoginStage): void;
  /** Called with text to be shown to a person before the login. */
  onBanner(text: string, from: BannerSource): void;
}

/** The options that a connection needs once it is up: not who waited for it, nor what it logged in with. */
export type ConnectionOptions = Pick<
  LoginOptions,
  "hop" | "socket" | "bastion" | "keepaliveMs" | "onStage" | "onBanner"
>;
