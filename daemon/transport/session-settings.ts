/** Configuration of the sessions on a host, as opposed to the connection. */
export interface SessionSettings {
  /**
   * SetEnv, and those variables of the daemon's environment that SendEnv names. A server accepts what it is configured
   * for.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** RequestTTY force: every run has a terminal, whatever it requests. */
  readonly pty: boolean;
  /** For runs that give none; null: the setting `connectTimeoutMs` applies. */
  readonly connectTimeoutMs: number | null;
}

export const plainSessionSettings: SessionSettings = { environment: {}, pty: false, connectTimeoutMs: null };
