CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hosts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  address TEXT NOT NULL,
  port INTEGER NOT NULL,
  user TEXT,
  identity_file TEXT,
  jump TEXT NOT NULL,
  group_path TEXT,
  tags TEXT NOT NULL,
  color TEXT,
  production INTEGER NOT NULL,
  login_shell INTEGER NOT NULL,
  host_key_policy TEXT,
  source TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

-- One row a run. `number` orders runs by creation and is what events refer to.
CREATE TABLE runs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  job_id TEXT,
  host_id INTEGER,
  host_name TEXT NOT NULL,
  host_address TEXT NOT NULL,
  command TEXT NOT NULL,
  options TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  exit_code INTEGER,
  signal TEXT,
  problem TEXT,
  created_at TEXT NOT NULL,
  started_at TEXT,
  ended_at TEXT,
  stdout_bytes INTEGER NOT NULL DEFAULT 0,
  stderr_bytes INTEGER NOT NULL DEFAULT 0,
  truncated_bytes INTEGER NOT NULL DEFAULT 0,
  cached INTEGER NOT NULL,
  reused_connection INTEGER NOT NULL,
  timings TEXT NOT NULL
) STRICT;

CREATE INDEX runs_by_host ON runs (host_name, number);
CREATE INDEX runs_open ON runs (state) WHERE state <> 'ended';

-- A run's events in order. For output, `stream` and `start` (bytes before it in that stream) are set and
-- `body` holds the bytes as they came; for every other event `body` is its JSON. `body` is last, so that a
-- scan over positions does not touch the pages that hold bytes.
CREATE TABLE events (
  run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  at TEXT NOT NULL,
  stream TEXT,
  start INTEGER,
  noise INTEGER NOT NULL DEFAULT 0,
  body BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX events_in_order ON events (run, seq);

CREATE TABLE idempotency_keys (
  key TEXT PRIMARY KEY,
  request_sha256 TEXT NOT NULL,
  run_id TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
