-- Hosts that a person wants at the top of the list.
ALTER TABLE hosts ADD COLUMN favorite INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host_overlays ADD COLUMN favorite INTEGER NOT NULL DEFAULT 0;
