-- How long it is known where volunteers were; loaded by store/retention.py. A phone is known by the register.

-- name: forget_fixes
DELETE FROM fixes
WHERE (device_no, time, content) IN (
    SELECT old.device_no, old.time, old.content
    FROM registry AS r
    INNER JOIN device_keys AS k ON k.id = r.id
    CROSS JOIN LATERAL (
        SELECT f.device_no, f.time, f.content FROM fixes AS f
        WHERE f.device_no = k.no AND f.time < from_us(%(before_us)s)
        LIMIT %(limit)s
    ) AS old
    WHERE r.section = 'devices' AND r.body ->> 'cls' = 'phone'
    LIMIT %(limit)s
)

-- name: forget_dwells
DELETE FROM dwells
WHERE id IN (
    SELECT id FROM dwells
    WHERE start_at < from_us(%(before_us)s) AND last_at < from_us(%(before_us)s) AND cls = 'phone'
    LIMIT %(limit)s
)

-- name: forget_spells
DELETE FROM spells
WHERE id IN (
    SELECT s.id FROM registry AS r
    CROSS JOIN LATERAL (
        SELECT id FROM spells
        WHERE device = r.id AND start_at < from_us(%(before_us)s) AND last_at < from_us(%(before_us)s)
        LIMIT %(limit)s
    ) AS s
    WHERE r.section = 'devices' AND r.body ->> 'cls' = 'phone'
    LIMIT %(limit)s
)

-- name: forget_alerts
DELETE FROM alerts
WHERE id IN (
    SELECT a.id FROM alerts AS a
    INNER JOIN registry AS r ON r.section = 'devices' AND r.id = a.device AND r.body ->> 'cls' = 'phone'
    WHERE a.raised_at < from_us(%(before_us)s)
    LIMIT %(limit)s
)

-- name: forget_day_rows
DELETE FROM day_rows
WHERE (day, kind, id) IN (
    SELECT d.day, d.kind, d.id FROM day_rows AS d
    INNER JOIN registry AS r ON r.section = 'devices' AND r.id = d.body ->> 'device' AND r.body ->> 'cls' = 'phone'
    WHERE d.day < to_timestamp(%(before_us)s / 1e6)::date - 1 AND d.kind IN ('dwell', 'spell', 'alert')
    LIMIT %(limit)s
)

-- name: first_kept
-- How far the events reach that are all older: up to here everything was told before.
SELECT coalesce(
    (SELECT seq - 1 FROM events WHERE seq > %(after)s AND at >= from_us(%(before_us)s) ORDER BY seq LIMIT 1),
    (SELECT max(seq) FROM events)
) AS seq

-- name: old_events
-- What phones did, and plans, which say where everybody was who could have come.
SELECT e.seq, e.stream, e.entry_id, e.ordinal, e.kind, e.body::text AS body
FROM events AS e
LEFT JOIN registry AS r ON r.section = 'devices' AND r.id = e.device
WHERE
    e.seq > %(after)s AND e.seq <= %(to)s
    AND (e.kind = 'plan' OR (r.body ->> 'cls' = 'phone' AND e.kind NOT IN ('incident', 'offer', 'notice')))
ORDER BY e.seq

-- name: drop_events
DELETE FROM events WHERE seq = ANY(%(seqs)s)

-- name: coarsen_events
UPDATE events SET body = new.body::jsonb
FROM unnest(%(seqs)s::bigint[], %(bodies)s::text[]) AS new (seq, body)
WHERE events.seq = new.seq

-- name: coarsen_plans
-- Before its event: until then both are the same.
UPDATE plans SET body = new.body::jsonb
FROM unnest(%(seqs)s::bigint[], %(bodies)s::text[]) AS new (seq, body)
INNER JOIN events AS e ON e.seq = new.seq
WHERE plans.incident = e.body ->> 'incident' AND plans.body = e.body
