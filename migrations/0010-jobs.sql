-- One command on many hosts. `request` is what was asked for, without secrets; `hosts` are the names that it meant then.
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT,
  command TEXT NOT NULL,
  targets TEXT NOT NULL,
  hosts TEXT NOT NULL,
  options TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  counts TEXT NOT NULL,
  created_at TEXT NOT NULL,
  started_at TEXT,
  ended_at TEXT
) STRICT;

CREATE INDEX jobs_open ON jobs (number) WHERE state <> 'ended';
CREATE INDEX runs_by_job ON runs (job_id, number) WHERE job_id IS NOT NULL;
