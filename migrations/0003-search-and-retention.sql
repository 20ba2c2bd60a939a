-- What the history's search finds ended runs by, any three characters in a row of it (see daemon/store/search.ts).
-- Contentless: the text itself stays where it is, in `runs` and `events`; a row's id is its run's number.
CREATE VIRTUAL TABLE run_search USING fts5 (
  command, host, output, content = '', contentless_delete = 1, tokenize = 'trigram'
);

-- Whether a run is in run_search. A run comes in some time after it ended.
ALTER TABLE runs ADD COLUMN searchable INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_not_searchable ON runs (number) WHERE searchable = 0;

CREATE TRIGGER runs_forgotten AFTER DELETE ON runs WHEN old.searchable = 1 BEGIN
  DELETE FROM run_search WHERE rowid = old.number;
END;

-- The history forgets the runs first that ended first.
CREATE INDEX runs_by_end ON runs (ended_at) WHERE state = 'ended';
