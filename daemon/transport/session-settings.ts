/** What a configuration says of the sessions on a host, rather than of the way to it. */
export interface SessionSettings {
  /** SetEnv, and of the daemon's environment what SendEnv names. A server takes what it is set up for. */
  readonly environment: Readonly<Record<string, string>>;
  /** RequestTTY force: a run has a terminal, whatever it says. */
  readonly pty: boolean;
  /** Where a run says nothing; null: as the setting `connectTimeoutMs` says. */
  readonly connectTimeoutMs: number | null;
}

export const plainSessionSettings: SessionSettings = { environment: {}, pty: false, connectTimeoutMs: null };
