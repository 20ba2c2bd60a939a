-- Long pieces of output lie in files beside the database (see daemon/store/segments.ts); their rows say where, and
-- their `body` is empty. NULL for what lies in `body`.
ALTER TABLE events ADD COLUMN segment INTEGER;
ALTER TABLE events ADD COLUMN position INTEGER;
ALTER TABLE events ADD COLUMN size INTEGER;

-- Tells without touching the rows which files of a run are needed, and how much lies in files.
CREATE INDEX events_in_segments ON events (run, segment, size) WHERE segment IS NOT NULL;
