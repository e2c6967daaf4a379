-- Named queries of store/reports.py: what reports of a city day are made from.

-- name: sections
SELECT section, body FROM registry WHERE section = ANY(%(sections)s) ORDER BY section, id

-- name: known
-- How far the archive has come with every input: ids of entries are milliseconds (but of a log in memory, which counts
-- from 1), and ticks come twice a second.
SELECT min(split_part(last_id, '-', 1)::bigint) * 1000 AS known_us
FROM offsets
WHERE reader = 'archive' AND starts_with(stream, 'in.') AND split_part(last_id, '-', 1)::bigint > 1000000000000

-- name: dwells
SELECT
    id, device, cls, to_us(start_at) AS start_us, to_us(end_at) AS end_us, to_us(last_at) AS last_us, observed_s,
    silent_s, lon, lat, radius_m, fixes, state, revision, merged_into, area, place_id, place_name, place_kind, purpose,
    alert, why, reason, worked_s
FROM dwells
WHERE state <> 'retracted' AND span && tstzrange(from_us(%(from_us)s), from_us(%(to_us)s), '[)')
LIMIT %(limit)s

-- name: spells
-- Of visits only those of places: the others say nothing that a report needs, and are the most.
SELECT body::text
FROM spells
WHERE
    state <> 'retracted' AND span && tstzrange(from_us(%(from_us)s), from_us(%(to_us)s), '[)')
    AND (kind <> 'visit' OR starts_with(subject, 'place:'))
LIMIT %(limit)s

-- name: unexplained
SELECT
    id, device, cls, to_us(start_at) AS start_us, to_us(end_at) AS end_us, to_us(last_at) AS last_us, observed_s,
    silent_s, lon, lat, radius_m, fixes, state, revision, merged_into, area, place_id, place_name, place_kind, purpose,
    alert, why, reason, worked_s
FROM dwells
WHERE
    start_at >= from_us(%(from_us)s) AND start_at < from_us(%(to_us)s)
    AND purpose = 'unexplained' AND state <> 'retracted'
ORDER BY start_at, id
LIMIT %(limit)s

-- name: heard
-- The fixes at the edges of a window that detectors use; each is one step of the index.
SELECT
    k.id AS device,
    to_us(b.time) AS before_us, b.lon AS before_lon, b.lat AS before_lat,
    to_us(f.time) AS first_us, f.lon AS first_lon, f.lat AS first_lat,
    to_us(l.time) AS last_us, l.lon AS last_lon, l.lat AS last_lat,
    to_us(a.time) AS after_us, a.lon AS after_lon, a.lat AS after_lat
FROM device_keys AS k
LEFT JOIN LATERAL (
    SELECT time, lon, lat FROM fixes
    WHERE device_no = k.no AND time < from_us(%(from_us)s) AND flags & %(unused)s = 0
    ORDER BY time DESC LIMIT 1
) AS b ON true
LEFT JOIN LATERAL (
    SELECT time, lon, lat FROM fixes
    WHERE device_no = k.no AND time >= from_us(%(from_us)s) AND time < from_us(%(to_us)s) AND flags & %(unused)s = 0
    ORDER BY time LIMIT 1
) AS f ON true
LEFT JOIN LATERAL (
    SELECT time, lon, lat FROM fixes
    WHERE device_no = k.no AND time >= from_us(%(from_us)s) AND time < from_us(%(to_us)s) AND flags & %(unused)s = 0
    ORDER BY time DESC LIMIT 1
) AS l ON true
LEFT JOIN LATERAL (
    SELECT time, lon, lat FROM fixes
    WHERE device_no = k.no AND time >= from_us(%(to_us)s) AND flags & %(unused)s = 0
    ORDER BY time LIMIT 1
) AS a ON true
WHERE k.id = ANY(%(devices)s)

-- name: seen
-- The newest fix of each device that is not later than a moment, of those that had come by `known_us`.
SELECT k.id AS device, to_us(f.time) AS at_us, f.lon, f.lat
FROM device_keys AS k
CROSS JOIN LATERAL (
    SELECT time, lon, lat FROM fixes
    WHERE
        device_no = k.no AND time <= from_us(%(at_us)s) AND flags & %(unused)s = 0
        AND received <= coalesce(from_us(%(known_us)s), 'infinity')
    ORDER BY time DESC LIMIT 1
) AS f
WHERE k.id = ANY(%(devices)s)

-- name: honesty
-- Flags are counted in the hours that have any; the promptest is looked for among the first twenty fixes of each hour.
SELECT
    k.id AS device, sum(h.fixes)::bigint AS fixes,
    coalesce(sum(f.mock), 0)::bigint AS mock, coalesce(sum(f.stale), 0)::bigint AS stale,
    coalesce(sum(f.duplicate), 0)::bigint AS duplicate, coalesce(sum(f.repeat), 0)::bigint AS repeat,
    coalesce(sum(f.jump), 0)::bigint AS jump, coalesce(sum(f.stuck), 0)::bigint AS stuck,
    coalesce(sum(f.speed), 0)::bigint AS speed, coalesce(sum(f.accuracy), 0)::bigint AS accuracy,
    min(p.prompt_s) AS prompt_s
FROM fix_hours AS h
INNER JOIN device_keys AS k ON k.no = h.device_no
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE flags & %(mock)s <> 0) AS mock, count(*) FILTER (WHERE flags & %(stale)s <> 0) AS stale,
        count(*) FILTER (WHERE flags & %(duplicate)s <> 0) AS duplicate,
        count(*) FILTER (WHERE flags & %(repeat)s <> 0) AS repeat, count(*) FILTER (WHERE flags & %(jump)s <> 0) AS jump,
        count(*) FILTER (WHERE flags & %(stuck)s <> 0) AS stuck, count(*) FILTER (WHERE flags & %(speed)s <> 0) AS speed,
        count(*) FILTER (WHERE flags & %(accuracy)s <> 0) AS accuracy
    FROM fixes
    WHERE
        device_no = h.device_no AND time >= h.hour AND time < h.hour + interval '1 hour' AND flags <> 0
        AND time >= from_us(%(from_us)s) AND time < from_us(%(to_us)s) + interval '1 hour' -- no other chunks
) AS f ON h.late + h.flagged > 0
LEFT JOIN LATERAL (
    SELECT min(extract(epoch FROM early.received - early.time))::double precision AS prompt_s
    FROM (
        SELECT received, time FROM fixes
        WHERE
            device_no = h.device_no AND time >= h.hour AND time < h.hour + interval '1 hour'
            AND time >= from_us(%(from_us)s) AND time < from_us(%(to_us)s) + interval '1 hour'
        ORDER BY time LIMIT 20
    ) AS early
) AS p ON true
WHERE h.hour >= from_us(%(from_us)s) AND h.hour < from_us(%(to_us)s)
GROUP BY k.id
ORDER BY k.id
LIMIT %(limit)s
