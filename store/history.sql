-- Named queries of store/history.py: the past of one device, what was told of it, and what is to be done about it.

-- name: seq
SELECT coalesce(max(seq), 0) AS seq FROM events

-- name: told_dwells
SELECT
    id, device, cls, to_us(start_at) AS start_us, to_us(end_at) AS end_us, to_us(last_at) AS last_us, observed_s,
    silent_s, lon, lat, radius_m, fixes, state, revision, merged_into, area, place_id, place_name, place_kind, purpose,
    alert, why, reason, worked_s
FROM dwells
WHERE device = %(device)s AND state <> 'retracted' AND span && tstzrange(from_us(%(from_us)s), from_us(%(to_us)s), '[]')
ORDER BY start_at, id

-- name: told_spells
SELECT body::text
FROM spells
WHERE device = %(device)s AND state <> 'retracted' AND span && tstzrange(from_us(%(from_us)s), from_us(%(to_us)s), '[]')
ORDER BY start_at, id

-- name: told_alerts
SELECT id, kind, device, state, revision, to_us(changed_at) AS at_us, lon, lat, dwell, thread, digest
FROM alerts
WHERE id = ANY(%(ids)s)

-- name: overtaken
SELECT stream, entry_id
FROM events
WHERE seq > %(seq)s AND device = %(device)s AND kind = ANY('{dwell,spell,alert}') AND stream <> 'dispatch.events'
ORDER BY seq
LIMIT 100

-- name: late_span
SELECT to_us(min(time)) AS from_us, to_us(max(time)) AS to_us
FROM fixes
WHERE
    device_no = (SELECT no FROM device_keys WHERE id = %(device)s)
    AND time >= from_us(%(from_us)s) AND time < from_us(%(to_us)s) AND received >= from_us(%(since_us)s)

-- name: back
SELECT to_us(min(time)) AS time_us
FROM (
    SELECT time FROM fixes
    WHERE device_no = (SELECT no FROM device_keys WHERE id = %(device)s) AND time < from_us(%(before_us)s)
    ORDER BY time DESC
    LIMIT %(count)s
) AS newest

-- name: devices_between
SELECT k.id
FROM device_keys AS k
WHERE EXISTS (
    SELECT FROM fixes AS f
    WHERE f.device_no = k.no AND f.time >= from_us(%(from_us)s) AND f.time < from_us(%(to_us)s)
)
ORDER BY k.id

-- name: mark
SELECT last_id FROM offsets WHERE reader = %(reader)s AND stream = %(stream)s

-- name: set_mark
INSERT INTO offsets (reader, stream, last_id) VALUES (%(reader)s, %(stream)s, %(last_id)s)
ON CONFLICT (reader, stream) DO UPDATE SET last_id = excluded.last_id

-- name: newest_configs
SELECT
    entry_id, section, to_us(at) AS at_us,
    CASE WHEN section = 'labels' AND op <> 'set' THEN
        (SELECT array_agg(row ->> 'id') FROM jsonb_array_elements(rows) AS row)
    END AS ids
FROM config_log
WHERE split_part(entry_id, '-', 1)::bigint >= %(after_ms)s
ORDER BY split_part(entry_id, '-', 1)::bigint

-- name: closed_dwells
SELECT id, device
FROM dwells
WHERE state = 'closed' AND start_at >= from_us(%(from_us)s) AND start_at < from_us(%(to_us)s)
ORDER BY device, start_at, id

-- name: dwells
SELECT
    id, device, cls, to_us(start_at) AS start_us, to_us(end_at) AS end_us, to_us(last_at) AS last_us, observed_s,
    silent_s, lon, lat, radius_m, fixes, state, revision, merged_into, area, place_id, place_name, place_kind, purpose,
    alert, why, reason, worked_s
FROM dwells
WHERE id = ANY(%(ids)s) AND state = 'closed'
ORDER BY device, start_at, id
