-- What is left to do on the host of a durable run that was deleted, such as ending its command, which was cancelled while
-- the host was away (see daemon/runs/durable/removal.ts). After 90 days the host is not asked any more.
CREATE TABLE deleted_durable_runs (
  id TEXT PRIMARY KEY,
  plan TEXT NOT NULL,
  stop_confirmed INTEGER,
  deleted_at TEXT NOT NULL
) STRICT;

-- Before the foreign key of durable_runs deletes the plan, whatever it is that deletes the run.
CREATE TRIGGER durable_runs_deleted BEFORE DELETE ON runs BEGIN
  DELETE FROM deleted_durable_runs WHERE deleted_at < datetime('now', '-90 days');
  INSERT OR REPLACE INTO deleted_durable_runs
    SELECT old.id, plan, old.stop_confirmed, datetime('now') FROM durable_runs WHERE run = old.number;
END;
