-- Named queries about what belongs to what, loaded by store/joins.py; see store/pg.py for the form.

-- name: patience
SET LOCAL lock_timeout = '5s'

-- name: alone
SELECT pg_advisory_xact_lock(7240000000000000003)

-- name: joins_of
SELECT body FROM registry WHERE section = 'assignments' AND body ->> 'device' = ANY(%(devices)s) ORDER BY id

-- name: joins_naming
-- Those in force or to come: what has ended is history.
SELECT body FROM registry
WHERE
    section = 'assignments' AND body ->> %(what)s = %(id)s
    AND coalesce((body ->> 'until_us')::bigint > %(at_us)s, true)
ORDER BY id
LIMIT %(limit)s

-- name: rows_of
SELECT id, body FROM registry WHERE section = %(section)s AND id = ANY(%(ids)s) ORDER BY id

-- name: held_registered
-- One step of the index a device, however many fixes each has.
WITH RECURSIVE heard AS (
    (SELECT device FROM held ORDER BY device LIMIT 1)
    UNION ALL
    SELECT (SELECT held.device FROM held WHERE held.device > heard.device ORDER BY held.device LIMIT 1)
    FROM heard WHERE heard.device IS NOT NULL
)
SELECT heard.device FROM heard
WHERE EXISTS (SELECT FROM registry WHERE section = 'devices' AND id = heard.device)
LIMIT %(limit)s
