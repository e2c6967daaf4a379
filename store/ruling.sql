-- What rules ask of the archive, loaded by store/ruling.py.

-- name: silences
-- From one fix to the next of the same device, and each device's first and last fix: `next_us` is null after the last. A
-- made-up place, or an old one under a new time, is no fix that ends a silence.
SELECT k.id AS device, to_us(g.time) AS at_us, to_us(g.next) AS next_us, g.first, g.lon, g.lat
FROM (
    SELECT
        f.device_no, f.time, f.lon, f.lat, lead(f.time) OVER by_time AS next,
        lag(f.time) OVER by_time IS NULL AS first
    FROM fixes AS f
    WHERE
        f.time >= from_us(%(from_us)s) AND f.time < from_us(%(to_us)s) AND f.flags & %(unused)s = 0
        AND (
            %(devices)s::text[] IS NULL
            OR f.device_no IN (SELECT no FROM device_keys WHERE id = ANY(%(devices)s::text[]))
        )
    WINDOW by_time AS (PARTITION BY f.device_no ORDER BY f.time, f.content)
) AS g
INNER JOIN device_keys AS k ON k.no = g.device_no
WHERE g.next IS NULL OR g.first OR g.next - g.time >= make_interval(secs => %(least_s)s)
ORDER BY k.id, g.time, g.next

-- name: thread_events
SELECT body FROM events WHERE kind = 'alert' AND body ->> 'thread' = %(thread)s ORDER BY seq DESC LIMIT %(limit)s
