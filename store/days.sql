-- Named queries of store/days.py: city days that are closed, and the rows they were closed with.

-- name: list
SELECT day, state, to_us(closed_at) AS closed_us, version, refused
FROM days
WHERE day >= %(from)s AND day <= %(to)s
ORDER BY day DESC

-- name: day
SELECT day, state, to_us(closed_at) AS closed_us, version, refused, report
FROM days
WHERE day = %(day)s

-- name: closing
SELECT day FROM days WHERE state = 'closing' ORDER BY day

-- name: begin
-- Not by one INSERT … ON CONFLICT … UPDATE, which would wait for whoever closes the day now.
WITH new AS (
    INSERT INTO days (day, state) VALUES (%(day)s, 'closing') ON CONFLICT (day) DO NOTHING
)
UPDATE days SET state = 'closing' WHERE day = %(day)s AND state = 'open'

-- name: lock_rows
-- Whoever tells rows queues on this lock: until the end of the transaction they stay as they are.
SELECT pg_advisory_xact_lock(7240000000000000002)

-- name: lock_day
-- No row: somebody else closes it just now.
SELECT day, state, to_us(closed_at) AS closed_us, version, refused FROM days WHERE day = %(day)s FOR UPDATE SKIP LOCKED

-- name: thaw
DELETE FROM day_rows WHERE day = %(day)s

-- name: freeze_dwells
INSERT INTO day_rows (day, kind, id, body)
SELECT
    %(day)s, 'dwell', id,
    jsonb_build_object(
        'id', id, 'device', device, 'cls', cls, 'start_us', to_us(start_at), 'end_us', to_us(end_at),
        'last_us', to_us(last_at), 'observed_s', observed_s, 'silent_s', silent_s, 'lon', lon, 'lat', lat,
        'radius_m', radius_m, 'fixes', fixes, 'state', state, 'revision', revision, 'merged_into', merged_into,
        'area', area, 'place', CASE WHEN place_id IS NOT NULL THEN
            jsonb_build_object('id', place_id, 'name', place_name, 'kind', place_kind)
        END, 'purpose', purpose, 'alert', alert, 'why', why, 'reason', reason, 'worked_s', worked_s
    )
FROM dwells
WHERE state <> 'retracted' AND span && tstzrange(from_us(%(from_us)s), from_us(%(to_us)s), '[)')

-- name: freeze_spells
INSERT INTO day_rows (day, kind, id, body)
SELECT %(day)s, 'spell', id, body
FROM spells
WHERE state <> 'retracted' AND span && tstzrange(from_us(%(from_us)s), from_us(%(to_us)s), '[)')

-- name: freeze_alerts
INSERT INTO day_rows (day, kind, id, body)
SELECT
    %(day)s, 'alert', id,
    jsonb_build_object(
        'at_us', to_us(changed_at), 'id', id, 'kind', kind, 'device', device, 'state', state, 'revision', revision,
        'lon', lon, 'lat', lat, 'dwell', dwell, 'by', actor, 'note', note, 'rule', rule, 'spell', spell,
        'thread', thread, 'level', level, 'digest', digest, 'quiet', quiet
    )
FROM alerts
WHERE raised_at >= from_us(%(day_us)s) AND raised_at < from_us(%(to_us)s)

-- name: freeze_registry
INSERT INTO day_rows (day, kind, id, body)
SELECT %(day)s, 'registry', section || ':' || id, jsonb_build_object('section', section, 'body', body)
FROM registry
WHERE section = ANY(%(sections)s)

-- name: registry
SELECT body ->> 'section' AS section, body -> 'body' AS body
FROM day_rows
WHERE day = %(day)s AND kind = 'registry'
ORDER BY id

-- name: close
UPDATE days SET
    (state, closed_at, version, report, refused)
    = ('closed', from_us(%(closed_us)s), version + 1, %(report)s::jsonb, %(refused)s::jsonb)
WHERE day = %(day)s
RETURNING version

-- name: reopen
UPDATE days SET state = 'open' WHERE day = %(day)s AND state <> 'open' RETURNING version

-- name: rows
SELECT body::text FROM day_rows WHERE day = %(day)s AND kind = %(kind)s
ORDER BY (body ->> %(by)s)::bigint, id

-- name: corrections
-- Rows that overlap the day and are not what they were. That an open row went on and ended is no correction.
WITH live AS (
    SELECT 'dwell' AS kind, id, revision, start_at FROM dwells
    WHERE state <> 'retracted' AND span && tstzrange(from_us(%(from_us)s), from_us(%(to_us)s), '[)')
    UNION ALL
    SELECT 'spell', id, revision, start_at FROM spells
    WHERE state <> 'retracted' AND span && tstzrange(from_us(%(from_us)s), from_us(%(to_us)s), '[)')
),
frozen AS (
    SELECT
        kind, id, (body ->> 'revision')::integer AS revision, from_us((body ->> 'start_us')::bigint) AS start_at,
        body ->> 'state' = 'open' AS going
    FROM day_rows
    WHERE
        day = %(day)s AND kind = ANY('{dwell,spell}')
        AND from_us((body ->> 'start_us')::bigint) < from_us(%(to_us)s)
        AND (
            body ->> 'state' = 'open'
            OR greatest(from_us((body ->> 'end_us')::bigint), from_us((body ->> 'start_us')::bigint)) >= from_us(%(from_us)s)
        )
)
SELECT count(*)
FROM live
FULL JOIN frozen USING (kind, id)
WHERE live.revision IS DISTINCT FROM frozen.revision AND NOT coalesce(going AND live.start_at = frozen.start_at, false)
