-- How a host that stands only in the SSH config is connected to, where that has no option for it.
ALTER TABLE host_overlays ADD COLUMN login_shell INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host_overlays ADD COLUMN transport TEXT NOT NULL DEFAULT 'auto';
ALTER TABLE host_overlays ADD COLUMN legacy_algorithms INTEGER NOT NULL DEFAULT 0;
