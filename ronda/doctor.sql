-- name: doctor
-- What the doctor asks the database, in one row.
SELECT current_setting('server_version') AS version,
       current_setting('fsync') AS fsync,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('data_checksums') AS data_checksums,
       (SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb') AS timescale_available,
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescale_installed,
       current_setting('timescaledb.license', true) AS timescale_license,
       (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us;
