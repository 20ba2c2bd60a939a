-- What is needed to find a durable run on its host again (see daemon/runs/durable/plan.ts): written before the
-- command can reach the host, removed when its files there are gone.
CREATE TABLE durable_runs (
  run INTEGER PRIMARY KEY REFERENCES runs (number) ON DELETE CASCADE,
  plan TEXT NOT NULL
) STRICT;
