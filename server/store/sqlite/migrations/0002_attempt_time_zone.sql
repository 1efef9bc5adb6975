-- The zone of times that a program prints without one, as its worker knew it.
ALTER TABLE attempts ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';        -- IANA name
ALTER TABLE attempts ADD COLUMN utc_offset_s INTEGER NOT NULL DEFAULT 0;   -- at the start
