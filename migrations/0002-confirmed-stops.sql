-- Whether the host confirmed that a cancelled or timed-out command's processes are gone; NULL where nobody asked.
ALTER TABLE runs ADD COLUMN stop_confirmed INTEGER;

-- What runs the commands of a login (see daemon/runs/login-shell.ts), learned once.
CREATE TABLE login_shells (
  login TEXT PRIMARY KEY,
  shell TEXT NOT NULL,
  learned_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
