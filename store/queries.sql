-- Named queries, loaded by store/pg.py. Instants go in through from_us and come out through to_us.

-- name: plan_each_time
-- One plan for all values of a prepared query would lose the index of a condition that may be absent, and the chunks
-- that a span leaves out; planning costs less than either.
SET plan_cache_mode = force_custom_plan

-- ---------------------------------------------------------------- archive: what it writes

-- name: offsets
SELECT stream, last_id FROM offsets WHERE reader = %(reader)s

-- name: lock_offsets
SELECT stream, last_id FROM offsets WHERE reader = %(reader)s AND stream = ANY(%(streams)s) ORDER BY stream FOR UPDATE

-- name: new_offsets
INSERT INTO offsets (reader, stream, last_id)
SELECT %(reader)s, stream, '0-0' FROM unnest(%(streams)s::text[]) AS stream ORDER BY stream
ON CONFLICT DO NOTHING

-- name: move_offsets
UPDATE offsets SET last_id = new.last_id
FROM unnest(%(streams)s::text[], %(ids)s::text[]) AS new (stream, last_id)
WHERE offsets.reader = %(reader)s AND offsets.stream = new.stream

-- name: device_keys
SELECT id, no FROM device_keys WHERE id = ANY(%(ids)s)

-- name: new_device_keys
INSERT INTO device_keys (id)
SELECT id FROM unnest(%(ids)s::text[]) AS id ORDER BY id
ON CONFLICT DO NOTHING

-- name: staging
CREATE TEMP TABLE IF NOT EXISTS staging (
    device_no integer,
    time timestamptz,
    received timestamptz,
    lat double precision,
    lon double precision,
    speed real,
    course real,
    accuracy real,
    altitude real,
    battery real,
    odometer double precision,
    ignition smallint,
    moving smallint,
    flags integer,
    dialect smallint,
    content bigint
) ON COMMIT DELETE ROWS

-- name: copy_staging
COPY staging FROM STDIN (FORMAT binary)

-- name: store_fixes
WITH new AS (
    INSERT INTO fixes
    SELECT
        device_no, time, received, lat, lon,
        nullif(speed, 'NaN'), nullif(course, 'NaN'), nullif(accuracy, 'NaN'), nullif(altitude, 'NaN'),
        nullif(battery, 'NaN'), nullif(odometer, 'NaN'), nullif(ignition, -1), nullif(moving, -1),
        flags, dialect, content
    FROM staging
    ON CONFLICT DO NOTHING
    RETURNING device_no, time
),
due AS (
    INSERT INTO due_hours
    SELECT DISTINCT device_no, date_trunc('hour', time, 'UTC') FROM new
)
SELECT count(*) FROM new

-- name: empty_staging
TRUNCATE staging

-- name: held_count
SELECT count(*) FROM (SELECT FROM held LIMIT %(limit)s) AS counted

-- name: store_held
INSERT INTO held
SELECT
    (%(ids)s::text[])[device_no + 1], time, received, lat, lon,
    nullif(speed, 'NaN'), nullif(course, 'NaN'), nullif(accuracy, 'NaN'), nullif(altitude, 'NaN'),
    nullif(battery, 'NaN'), nullif(odometer, 'NaN'), nullif(ignition, -1), nullif(moving, -1),
    flags, dialect, content
FROM staging
ON CONFLICT DO NOTHING

-- name: lock_events
SELECT pg_advisory_xact_lock(7240000000000000002)

-- name: store_events
INSERT INTO events (stream, entry_id, ordinal, kind, device, at, body)
SELECT stream, entry_id, ordinal, kind, device, from_us(at_us), body::jsonb
FROM unnest(
    %(stream)s::text[], %(entry_id)s::text[], %(ordinal)s::integer[], %(kind)s::text[], %(device)s::text[],
    %(at_us)s::bigint[], %(body)s::text[]
) WITH ORDINALITY AS new (stream, entry_id, ordinal, kind, device, at_us, body, place)
ORDER BY place
ON CONFLICT DO NOTHING

-- name: store_dwells
INSERT INTO dwells AS old (
    id, device, cls, start_at, end_at, last_at, observed_s, silent_s, lon, lat, radius_m, fixes, state, revision,
    merged_into, area, place_id, place_name, place_kind, purpose, alert, why, reason, worked_s
)
SELECT
    id, device, cls, from_us(start_us), from_us(end_us), from_us(last_us), observed_s, silent_s, lon, lat, radius_m,
    fixes, state, revision, merged_into, area, place ->> 'id', place ->> 'name', place ->> 'kind', purpose, alert,
    coalesce(why, ''), coalesce(reason, ''), coalesce(worked_s, 0)
FROM jsonb_to_recordset(%(rows)s::jsonb) AS new (
    id text, device text, cls text, start_us bigint, end_us bigint, last_us bigint, observed_s double precision,
    silent_s double precision, lon double precision, lat double precision, radius_m double precision, fixes integer,
    state text, revision integer, merged_into text, area text, place jsonb, purpose text, alert boolean,
    why text, reason text, worked_s double precision
)
ON CONFLICT (id) DO UPDATE SET
    (
        device, cls, start_at, end_at, last_at, observed_s, silent_s, lon, lat, radius_m, fixes, state, revision,
        merged_into, area, place_id, place_name, place_kind, purpose, alert, why, reason, worked_s
    ) = (
        excluded.device, excluded.cls, excluded.start_at, excluded.end_at, excluded.last_at, excluded.observed_s,
        excluded.silent_s, excluded.lon, excluded.lat, excluded.radius_m, excluded.fixes, excluded.state,
        excluded.revision, excluded.merged_into, excluded.area, excluded.place_id, excluded.place_name,
        excluded.place_kind, excluded.purpose, excluded.alert, excluded.why, excluded.reason,
        excluded.worked_s
    )
WHERE old.revision < excluded.revision

-- name: store_spells
INSERT INTO spells AS old (id, kind, device, cls, subject, start_at, end_at, last_at, state, revision, body)
SELECT
    body ->> 'id', body ->> 'kind', body ->> 'device', body ->> 'cls', coalesce(body ->> 'subject', ''),
    from_us((body ->> 'start_us')::bigint), from_us((body ->> 'end_us')::bigint), from_us((body ->> 'last_us')::bigint),
    body ->> 'state', (body ->> 'revision')::integer, body
FROM jsonb_array_elements(%(rows)s::jsonb) AS body
ON CONFLICT (id) DO UPDATE SET
    (kind, device, cls, subject, start_at, end_at, last_at, state, revision, body) = (
        excluded.kind, excluded.device, excluded.cls, excluded.subject, excluded.start_at, excluded.end_at,
        excluded.last_at, excluded.state, excluded.revision, excluded.body
    )
WHERE old.revision < excluded.revision

-- name: store_alerts
INSERT INTO alerts AS old (
    id, kind, device, state, revision, raised_at, changed_at, lon, lat, dwell, actor, note, rule, spell, thread, level,
    digest, quiet
)
SELECT
    id, kind, device, state, revision, from_us(at_us), from_us(at_us), lon, lat, dwell, by, note, rule, spell,
    thread, coalesce(level, 1), coalesce(digest, false), coalesce(quiet, false)
FROM jsonb_to_recordset(%(rows)s::jsonb) AS new (
    id text, kind text, device text, state text, revision integer, at_us bigint, lon double precision,
    lat double precision, dwell text, by text, note text, rule text, spell text, thread text, level integer,
    digest boolean, quiet boolean
)
ON CONFLICT (id) DO UPDATE SET
    (
        kind, device, state, revision, changed_at, lon, lat, dwell, actor, note, rule, spell, thread, level, digest, quiet
    ) = (
        excluded.kind, excluded.device, excluded.state, excluded.revision, excluded.changed_at, excluded.lon,
        excluded.lat, excluded.dwell, excluded.actor, excluded.note, excluded.rule, excluded.spell, excluded.thread,
        excluded.level, excluded.digest, excluded.quiet
    )
WHERE old.revision < excluded.revision

-- name: store_incidents
INSERT INTO incidents AS old (id, status, opened_at, revision, body)
SELECT body ->> 'id', body ->> 'status', from_us((body ->> 'opened_us')::bigint), (body ->> 'revision')::integer, body
FROM jsonb_array_elements(%(rows)s::jsonb) AS body
ON CONFLICT (id) DO UPDATE SET
    (status, opened_at, revision, body) = (excluded.status, excluded.opened_at, excluded.revision, excluded.body)
WHERE old.revision < excluded.revision

-- name: store_plans
INSERT INTO plans (incident, at, body)
SELECT body ->> 'incident', from_us((body ->> 'at_us')::bigint), body FROM jsonb_array_elements(%(rows)s::jsonb) AS body
ON CONFLICT (incident, at) DO UPDATE SET body = excluded.body

-- name: store_rejects
INSERT INTO rejects (received, reason, dialect, topic, device, detail, payload)
SELECT from_us(received_us), reason, dialect, topic, device, detail, payload
FROM unnest(
    %(received_us)s::bigint[], %(reason)s::text[], %(dialect)s::text[], %(topic)s::text[], %(device)s::text[],
    %(detail)s::text[], %(payload)s::bytea[]
) WITH ORDINALITY AS new (received_us, reason, dialect, topic, device, detail, payload, place)
ORDER BY place

-- name: forget_rejects
DELETE FROM rejects WHERE seq <= (SELECT max(seq) FROM rejects) - %(keep)s

-- name: log_config
INSERT INTO config_log (entry_id, id, section, op, rows, actor, at)
VALUES (%(entry_id)s, %(id)s, %(section)s, %(op)s, %(rows)s::jsonb, %(actor)s, from_us(%(at_us)s))
ON CONFLICT DO NOTHING

-- name: clear_section
DELETE FROM registry WHERE section = %(section)s

-- name: delete_rows
DELETE FROM registry WHERE section = %(section)s AND id = ANY(%(ids)s)

-- name: upsert_rows
INSERT INTO registry (section, id, body, at)
SELECT %(section)s, id, body::jsonb, from_us(%(at_us)s) FROM unnest(%(ids)s::text[], %(bodies)s::text[]) AS new (id, body)
ON CONFLICT (section, id) DO UPDATE SET body = excluded.body, at = excluded.at

-- name: store_commands
INSERT INTO commands AS old (id, kind, actor, at, body)
SELECT body ->> 'id', body ->> 'kind', body ->> 'actor', from_us((body ->> 'at_us')::bigint), body -> 'body'
FROM jsonb_array_elements(%(rows)s::jsonb) AS body
ON CONFLICT (id) DO UPDATE SET
    (kind, actor, at, body) = (excluded.kind, excluded.actor, excluded.at, excluded.body)
WHERE old.kind = ''

-- name: finish_commands
-- Its effect may be archived before the command itself; a success is not undone by another partition's "not mine".
INSERT INTO commands AS old (id, kind, actor, at, body, done, ok, reason)
SELECT id, '', '', from_us(at_us), '{}', true, ok, reason
FROM jsonb_to_recordset(%(rows)s::jsonb) AS new (id text, at_us bigint, ok boolean, reason text)
ON CONFLICT (id) DO UPDATE SET (done, ok, reason) = (true, excluded.ok, excluded.reason)
WHERE NOT old.ok

-- name: ring
SELECT pg_notify('ronda_events', '')

-- ---------------------------------------------------------------- reads

-- name: dwells
SELECT
    d.id, d.device, d.cls, to_us(d.start_at) AS start_us, to_us(d.end_at) AS end_us, to_us(d.last_at) AS last_us,
    d.observed_s, d.silent_s, d.lon, d.lat, d.radius_m, d.fixes, d.state, d.revision, d.merged_into, d.area,
    d.place_id, d.place_name, d.place_kind, d.purpose, d.alert, d.why, d.reason,
    d.worked_s, v.vehicle
FROM dwells AS d
LEFT JOIN LATERAL vehicle_at(d.device, d.start_at) AS v ON true
WHERE
    d.span && tstzrange(from_us(%(from_us)s), from_us(%(to_us)s), '[)')
    AND (d.start_at, d.id) > (coalesce(from_us(%(after_us)s), '-infinity'), %(after_id)s::text)
    AND (%(retracted)s OR d.state <> 'retracted')
    AND (%(device)s::text IS NULL OR d.device = %(device)s)
    AND (%(vehicle)s::text IS NULL OR v.vehicle = %(vehicle)s)
    AND (%(area)s::text IS NULL OR d.area = %(area)s)
    AND (%(purpose)s::text IS NULL OR d.purpose = %(purpose)s)
    AND (%(open)s::boolean IS NULL OR (d.state = 'open') = %(open)s)
    AND (
        %(min_s)s::double precision IS NULL
        OR coalesce(d.end_at, from_us(%(now_us)s), d.last_at) - d.start_at >= make_interval(secs => %(min_s)s)
    )
ORDER BY d.start_at, d.id
LIMIT %(limit)s

-- name: dwell
SELECT
    d.id, d.device, d.cls, to_us(d.start_at) AS start_us, to_us(d.end_at) AS end_us, to_us(d.last_at) AS last_us,
    d.observed_s, d.silent_s, d.lon, d.lat, d.radius_m, d.fixes, d.state, d.revision, d.merged_into, d.area,
    d.place_id, d.place_name, d.place_kind, d.purpose, d.alert, d.why, d.reason,
    d.worked_s, v.vehicle
FROM dwells AS d
LEFT JOIN LATERAL vehicle_at(d.device, d.start_at) AS v ON true
WHERE d.id = %(id)s

-- name: spells
SELECT s.id, to_us(s.start_at) AS start_us, s.body::text, v.vehicle
FROM spells AS s
LEFT JOIN LATERAL vehicle_at(s.device, s.start_at) AS v ON true
WHERE
    s.kind = %(kind)s
    AND s.span && tstzrange(from_us(%(from_us)s), from_us(%(to_us)s), '[)')
    AND (s.start_at, s.id) > (coalesce(from_us(%(after_us)s), '-infinity'), %(after_id)s::text)
    AND (%(retracted)s OR s.state <> 'retracted')
    AND (%(device)s::text IS NULL OR s.device = %(device)s)
    AND (%(vehicle)s::text IS NULL OR v.vehicle = %(vehicle)s)
    AND (%(subject)s::text IS NULL OR s.subject = %(subject)s)
    AND (
        %(area)s::text IS NULL
        OR EXISTS (
            SELECT FROM spells AS a
            WHERE
                a.subject = 'area:' || %(area)s AND a.kind = 'visit' AND a.device = s.device
                AND a.state <> 'retracted' AND a.span && s.span
                AND a.span && tstzrange(from_us(%(from_us)s), from_us(%(to_us)s), '[)')
        )
    )
    AND (%(open)s::boolean IS NULL OR (s.state = 'open') = %(open)s)
    AND (
        %(min_s)s::double precision IS NULL
        OR coalesce(s.end_at, from_us(%(now_us)s), s.last_at) - s.start_at >= make_interval(secs => %(min_s)s)
    )
ORDER BY s.start_at, s.id
LIMIT %(limit)s

-- name: spell
SELECT s.id, to_us(s.start_at) AS start_us, s.body::text, v.vehicle
FROM spells AS s
LEFT JOIN LATERAL vehicle_at(s.device, s.start_at) AS v ON true
WHERE s.id = %(id)s

-- name: fixes
SELECT
    to_us(f.time) AS time_us, to_us(f.received) AS received_us, f.lat, f.lon, f.speed, f.course, f.accuracy, f.altitude,
    f.battery, f.odometer, f.ignition, f.moving, f.flags, f.dialect, f.content
FROM fixes AS f
WHERE
    f.device_no = (SELECT no FROM device_keys WHERE id = %(device)s)
    AND f.time >= from_us(%(from_us)s) AND f.time < from_us(%(to_us)s)
    AND (f.time, f.content) > (from_us(%(after_us)s), %(after_content)s)
ORDER BY f.time, f.content
LIMIT %(limit)s

-- name: held_devices
SELECT
    device, (array_agg(dialect ORDER BY received DESC))[1] AS dialect, count(*) AS fixes,
    to_us(min(received)) AS first_us, to_us(max(received)) AS last_us,
    (array_agg(lon ORDER BY time DESC))[1] AS lon, (array_agg(lat ORDER BY time DESC))[1] AS lat
FROM held
GROUP BY device
ORDER BY max(received) DESC, device
LIMIT %(limit)s

-- name: held_fixes
SELECT
    to_us(f.time) AS time_us, to_us(f.received) AS received_us, f.lat, f.lon, f.speed, f.course, f.accuracy, f.altitude,
    f.battery, f.odometer, f.ignition, f.moving, f.flags, f.dialect, f.content
FROM held AS f
WHERE f.device = %(device)s
ORDER BY f.time, f.content
LIMIT %(limit)s

-- name: drop_held
DELETE FROM held
USING unnest(%(times_us)s::bigint[], %(contents)s::bigint[]) AS read (time_us, content)
WHERE held.device = %(device)s AND held.time = from_us(read.time_us) AND held.content = read.content

-- name: expire_held
DELETE FROM held
WHERE (device, time, content) IN (
    SELECT device, time, content FROM held WHERE received < from_us(%(before_us)s) LIMIT %(limit)s
)

-- name: registry
SELECT id, body FROM registry WHERE section = %(section)s AND id > %(after)s ORDER BY id LIMIT %(limit)s

-- name: registry_row
SELECT body FROM registry WHERE section = %(section)s AND id = %(id)s

-- name: alerts
SELECT
    a.id, a.kind, a.device, a.state, a.revision, to_us(a.changed_at) AS at_us, to_us(a.raised_at) AS raised_us, a.lon,
    a.lat, a.dwell, a.actor, a.note, a.rule, a.spell, a.thread, a.level, a.digest, a.quiet, v.vehicle
FROM alerts AS a
LEFT JOIN LATERAL vehicle_at(a.device, a.raised_at) AS v ON true
WHERE
    a.raised_at >= coalesce(from_us(%(from_us)s), '-infinity')
    AND a.raised_at < coalesce(from_us(%(to_us)s), 'infinity')
    AND (
        %(after_id)s::text IS NULL OR (a.raised_at, a.id) < (from_us(%(after_us)s), %(after_id)s)
    )
    AND (%(id)s::text IS NULL OR a.id = %(id)s)
    AND (%(device)s::text IS NULL OR a.device = %(device)s)
    AND (%(vehicle)s::text IS NULL OR v.vehicle = %(vehicle)s)
    AND (%(kind)s::text IS NULL OR a.kind = %(kind)s)
    AND (%(state)s::text IS NULL OR a.state = %(state)s)
    AND (%(rule)s::text IS NULL OR a.rule = %(rule)s)
    AND (%(thread)s::text IS NULL OR a.thread = %(thread)s)
    AND (%(digest)s::boolean IS NULL OR a.digest = %(digest)s)
ORDER BY a.raised_at DESC, a.id DESC
LIMIT %(limit)s

-- name: rejects
SELECT seq, to_us(received) AS received_us, reason, dialect, topic, device, detail, payload
FROM rejects
WHERE
    seq < coalesce(%(after)s::bigint, 9223372036854775807)
    AND (%(device)s::text IS NULL OR device = %(device)s)
    AND (%(reason)s::text IS NULL OR reason = %(reason)s)
ORDER BY seq DESC
LIMIT %(limit)s

-- name: incidents
SELECT to_us(opened_at) AS opened_us, id, body::text
FROM incidents
WHERE
    (%(after_id)s::text IS NULL OR (opened_at, id) < (from_us(%(after_us)s), %(after_id)s))
    AND (%(id)s::text IS NULL OR id = %(id)s)
ORDER BY opened_at DESC, id DESC
LIMIT %(limit)s

-- name: plan
SELECT body::text FROM plans WHERE incident = %(incident)s ORDER BY at DESC LIMIT 1

-- name: events_after
SELECT seq, kind, device, body::text FROM events WHERE seq > %(seq)s ORDER BY seq LIMIT %(limit)s

-- name: last_seq
SELECT coalesce(max(seq), 0) FROM events

-- name: command
SELECT id, kind, done, ok, reason FROM commands WHERE id = %(id)s

-- name: config_done
SELECT EXISTS (SELECT FROM config_log WHERE id = %(id)s AND id <> '')

-- name: vehicles_at
SELECT DISTINCT ON (device) device, vehicle
FROM assignments
WHERE
    device IS NOT NULL AND vehicle IS NOT NULL
    AND from_at <= from_us(%(at_us)s) AND (until_at IS NULL OR from_us(%(at_us)s) < until_at)
ORDER BY device, from_at DESC, id

-- name: listen
LISTEN ronda_events

-- name: versions
SELECT
    current_setting('server_version') AS server,
    coalesce((SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), '') AS timescale
