-- Roll-ups and retention, loaded by store/upkeep.py; see store/pg.py for the form.

-- name: take_due
-- All marks of so many device hours, the oldest first: an hour is counted whole, so once is enough for all of them.
-- A round goes through the hours once, from one taken to the next: marks that arrive behind it wait for the next round.
WITH taken AS (
    DELETE FROM due_hours AS d
    USING (
        SELECT device_no, hour FROM due_hours
        WHERE (hour, device_no) > (from_us(%(after_us)s), %(after_no)s::integer)
        GROUP BY device_no, hour
        ORDER BY hour, device_no
        LIMIT %(limit)s
    ) AS due
    WHERE d.device_no = due.device_no AND d.hour = due.hour
    RETURNING d.device_no, d.hour
)
SELECT DISTINCT device_no, to_us(hour) AS hour_us FROM taken

-- name: roll_up
-- Metres: by odometer where both ends have one that can be true, else the straight leg, if it is faster than 1 m/s
-- (slower is the noise of a receiver that stands). The first leg of an hour begins in the hour before it, so that hour
-- is due too. Fixes that say nothing about a place (retained, heartbeat, mock, jump) have no legs.
WITH due AS (
    SELECT DISTINCT device_no, from_us(hour_us) AS hour
    FROM unnest(%(devices)s::integer[], %(hours_us)s::bigint[]) AS given (device_no, hour_us)
),
wanted AS (
    SELECT device_no, hour FROM due
    UNION
    SELECT next.device_no, next.hour
    FROM due INNER JOIN fix_hours AS next ON next.device_no = due.device_no AND next.hour = due.hour + interval '1 hour'
)
INSERT INTO fix_hours AS old (device_no, hour, fixes, first_at, last_at, late, flagged, metres)
SELECT w.device_no, w.hour, s.fixes, s.first_at, s.last_at, s.late, s.flagged, m.metres
FROM wanted AS w
CROSS JOIN LATERAL (
    SELECT
        count(*) AS fixes, min(f.time) AS first_at, max(f.time) AS last_at,
        count(*) FILTER (WHERE f.flags & %(late)s <> 0) AS late,
        count(*) FILTER (WHERE f.flags & %(flagged)s <> 0) AS flagged
    FROM fixes AS f
    WHERE
        f.device_no = w.device_no AND f.time >= w.hour AND f.time < w.hour + interval '1 hour'
        AND f.time >= from_us(%(from_us)s) AND f.time < from_us(%(to_us)s)
) AS s
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(
            CASE WHEN driven BETWEEN 0 AND lasted * 70 THEN driven WHEN straight >= lasted THEN straight END
        ) FILTER (WHERE lasted > 0), 0) AS metres
    FROM (
        SELECT
            extract(epoch FROM time - lag(time) OVER place)::double precision AS lasted,
            odometer - lag(odometer) OVER place AS driven,
            2 * 6371008.8 * asin(least(1, sqrt(
                sind((lat - lag(lat) OVER place) / 2) ^ 2
                + cosd(lat) * cosd(lag(lat) OVER place) * sind((lon - lag(lon) OVER place) / 2) ^ 2
            ))) AS straight
        FROM (
            (
                SELECT f.time, f.content, f.lat, f.lon, f.odometer
                FROM fixes AS f
                WHERE
                    f.device_no = w.device_no AND f.time >= w.hour - interval '1 hour' AND f.time < w.hour
                    AND f.time >= from_us(%(from_us)s) - interval '1 hour' AND f.time < from_us(%(to_us)s)
                    AND f.flags & %(placeless)s = 0
                ORDER BY f.time DESC, f.content DESC
                LIMIT 1
            )
            UNION ALL
            SELECT f.time, f.content, f.lat, f.lon, f.odometer
            FROM fixes AS f
            WHERE
                f.device_no = w.device_no AND f.time >= w.hour AND f.time < w.hour + interval '1 hour'
                AND f.time >= from_us(%(from_us)s) AND f.time < from_us(%(to_us)s)
                AND f.flags & %(placeless)s = 0
        ) AS placed
        WINDOW place AS (ORDER BY time, content)
    ) AS legs
) AS m
WHERE s.fixes > 0
ON CONFLICT (device_no, hour) DO UPDATE SET
    (fixes, first_at, last_at, late, flagged, metres) = (
        excluded.fixes, excluded.first_at, excluded.last_at, excluded.late, excluded.flagged, excluded.metres
    )
WHERE old.fixes <= excluded.fixes -- fewer: the others were forgotten, and the old count is the true one

-- name: hours
SELECT
    k.id AS device, to_us(h.hour) AS hour_us, h.fixes, to_us(h.first_at) AS first_us, to_us(h.last_at) AS last_us,
    h.late, h.flagged, h.metres
FROM fix_hours AS h INNER JOIN device_keys AS k ON k.no = h.device_no
WHERE
    h.hour >= from_us(%(from_us)s) AND h.hour < from_us(%(to_us)s)
    AND (%(device)s::text IS NULL OR h.device_no = (SELECT no FROM device_keys WHERE id = %(device)s))
ORDER BY h.hour, k.id
LIMIT %(limit)s

-- name: sums
SELECT
    k.id AS device, to_us(min(h.hour)) AS hour_us, sum(h.fixes) AS fixes, to_us(min(h.first_at)) AS first_us,
    to_us(max(h.last_at)) AS last_us, sum(h.late) AS late, sum(h.flagged) AS flagged, sum(h.metres) AS metres
FROM fix_hours AS h INNER JOIN device_keys AS k ON k.no = h.device_no
WHERE h.hour >= from_us(%(from_us)s) AND h.hour < from_us(%(to_us)s)
GROUP BY k.id
ORDER BY k.id
LIMIT %(limit)s

-- name: hypertable
SELECT EXISTS (SELECT FROM timescaledb_information.hypertables WHERE hypertable_name = 'fixes')

-- name: timescale
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')

-- name: forgotten
-- Where the sum of an hour counts more fixes than there are.
SELECT coalesce(to_us(max(h.hour + interval '1 hour')), 0) AS until_us
FROM fix_hours AS h
WHERE
    h.device_no = (SELECT no FROM device_keys WHERE id = %(device)s)
    AND h.hour > from_us(%(from_us)s) - interval '1 hour' AND h.hour < from_us(%(to_us)s)
    AND h.fixes > (
        SELECT count(*) FROM fixes AS f
        WHERE
            f.device_no = h.device_no AND f.time >= h.hour AND f.time < h.hour + interval '1 hour'
            AND f.time > from_us(%(from_us)s) - interval '1 hour' AND f.time < from_us(%(to_us)s) + interval '1 hour'
    )

-- name: drop_chunks
SELECT count(*) FROM drop_chunks('fixes', older_than => from_us(%(before_us)s))

-- name: forget_fixes
DELETE FROM fixes
WHERE (device_no, time, content) IN (
    SELECT old.device_no, old.time, old.content
    FROM device_keys AS k
    CROSS JOIN LATERAL (
        SELECT f.device_no, f.time, f.content FROM fixes AS f
        WHERE f.device_no = k.no AND f.time < from_us(%(before_us)s)
        LIMIT %(limit)s
    ) AS old
    LIMIT %(limit)s
)
