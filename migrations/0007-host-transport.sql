-- What connects to a host: ssh2, or the system's ssh.
ALTER TABLE hosts ADD COLUMN transport TEXT NOT NULL DEFAULT 'auto';
