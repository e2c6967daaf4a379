-- Only what the Apache build of TimescaleDB has. Chunks of a day; our own indexes serve.
SELECT create_hypertable('fixes', by_range('time', INTERVAL '1 day'), create_default_indexes => false);
