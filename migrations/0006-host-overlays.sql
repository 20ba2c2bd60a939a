-- What a person set of a host that stands only in the SSH config, by its alias there.
CREATE TABLE host_overlays (
  name TEXT PRIMARY KEY,
  group_path TEXT,
  tags TEXT NOT NULL,
  color TEXT,
  production INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
