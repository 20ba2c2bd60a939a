-- Whether a host, an old device, may use algorithms that are known to be weak.
ALTER TABLE hosts ADD COLUMN legacy_algorithms INTEGER NOT NULL DEFAULT 0;
