-- What an import keeps of a host of an SSH config beside its own fields, as JSON; NULL where there was none.
ALTER TABLE hosts ADD COLUMN imported TEXT;
