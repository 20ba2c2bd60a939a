-- What a person says of a run: it is to stay, and a line about it. The history never forgets pinned runs by itself.
ALTER TABLE runs ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN note TEXT;
CREATE INDEX runs_pinned ON runs (number) WHERE pinned = 1;

DROP INDEX runs_by_end;
CREATE INDEX runs_by_end ON runs (ended_at) WHERE state = 'ended' AND pinned = 0;

-- What the history is asked for besides (see daemon/store/run-list.ts).
CREATE INDEX runs_not_succeeded ON runs (number)
  WHERE state = 'ended' AND (outcome IS NOT 'exited' OR exit_code IS NOT 0);
CREATE INDEX runs_by_creation ON runs (created_at);
CREATE INDEX runs_by_command ON runs (host_name, substr(command, 1, 100), number);
