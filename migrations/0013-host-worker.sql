-- Whether commands on a host may be begun by a worker in place of a login shell.
ALTER TABLE hosts ADD COLUMN worker TEXT NOT NULL DEFAULT 'auto';
ALTER TABLE host_overlays ADD COLUMN worker TEXT NOT NULL DEFAULT 'auto';
