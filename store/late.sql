-- Named queries of store/late.py: days of devices that wait to be computed anew.

-- name: take
-- The next words about fixes beyond the horizon, by device and day of UTC. More fixes are a reason to try again what was
-- refused.
WITH words AS (
    SELECT seq, device, from_us((body ->> 'time_us')::bigint) AS time, at
    FROM events
    WHERE seq > %(seq)s AND kind = 'fix_flagged' AND body ->> 'reason' = 'beyond_horizon'
    ORDER BY seq
    LIMIT %(limit)s
),
taken AS (
    INSERT INTO late_days AS old (device, day, from_at, to_at, first_at, last_at)
    SELECT device, (time AT TIME ZONE 'UTC')::date, min(time), max(time), min(at), max(at)
    FROM words
    GROUP BY 1, 2
    ON CONFLICT (device, day) DO UPDATE SET
        from_at = least(old.from_at, excluded.from_at), to_at = greatest(old.to_at, excluded.to_at),
        last_at = greatest(old.last_at, excluded.last_at), refused = false
)
SELECT count(*) AS words, max(seq) AS seq FROM words

-- name: ripe
-- Those that never failed come first.
SELECT device, to_us(day AT TIME ZONE 'UTC') AS day_us, to_us(first_at) AS first_us, to_us(last_at) AS last_us, tries
FROM late_days
WHERE
    NOT refused AND next_at <= from_us(%(now_us)s)
    AND (last_at <= from_us(%(quiet_us)s) OR first_at <= from_us(%(long_us)s))
ORDER BY tries, first_at, device
LIMIT %(limit)s

-- name: done
-- What was heard since `last_us` still waits.
WITH gone AS (
    DELETE FROM late_days
    WHERE device = %(device)s AND day = %(day)s AND %(quiet)s AND last_at <= from_us(%(last_us)s)
    RETURNING device
)
UPDATE late_days SET (first_at, from_at, tries, reason) = (from_us(%(last_us)s), to_at, 0, '')
WHERE device = %(device)s AND day = %(day)s AND NOT EXISTS (SELECT FROM gone)

-- name: failed
UPDATE late_days SET
    (tries, next_at, refused, reason) = (tries + 1, from_us(%(next_us)s), %(refused)s, %(reason)s)
WHERE device = %(device)s AND day = %(day)s

-- name: settle
DELETE FROM late_days
WHERE
    refused AND device = %(device)s AND from_at >= from_us(%(from_us)s) AND to_at < from_us(%(to_us)s)

-- name: counts
SELECT count(*) FILTER (WHERE NOT refused) AS waiting, count(*) FILTER (WHERE refused) AS refused FROM late_days

-- name: touching
-- Days that words not read yet are about wait too.
SELECT
    device, to_us(first_at) AS since_us, tries, CASE WHEN tries > 0 THEN to_us(next_at) END AS next_us, refused, reason
FROM late_days
WHERE from_at < from_us(%(to_us)s) AND to_at >= from_us(%(from_us)s)
UNION ALL
SELECT device, to_us(min(at)), 0, NULL, false, ''
FROM events
WHERE
    seq > coalesce((SELECT last_id::bigint FROM offsets WHERE reader = 'rebuild' AND stream = 'fix_flagged'), 0)
    AND kind = 'fix_flagged'
    AND (body ->> 'time_us')::bigint >= %(from_us)s AND (body ->> 'time_us')::bigint < %(to_us)s
GROUP BY device
ORDER BY refused, device
LIMIT %(limit)s
