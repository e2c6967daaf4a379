-- Queries of the migration itself; see store/pg.py for the form.

-- name: lock
SELECT pg_advisory_lock(7240000000000000001)

-- name: unlock
SELECT pg_advisory_unlock(7240000000000000001)

-- name: version_table
CREATE TABLE IF NOT EXISTS schema_version (
    version integer PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
)

-- name: version
SELECT coalesce(max(version), 0) FROM schema_version

-- name: set_version
INSERT INTO schema_version (version) VALUES (%s)

-- name: timescale_offered
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')

-- name: timescale_create
CREATE EXTENSION IF NOT EXISTS timescaledb

-- name: convertible
SELECT NOT EXISTS (SELECT FROM timescaledb_information.hypertables WHERE hypertable_name = 'fixes')
    AND NOT EXISTS (SELECT FROM fixes)
