-- Why hosts of a job have not begun: cancelled, failures or daemonStopped.
ALTER TABLE jobs ADD COLUMN skip_reason TEXT;
