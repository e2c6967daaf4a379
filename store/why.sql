-- Named queries of store/why.py.

-- name: held_of
SELECT
    count(*) AS fixes, to_us(min(time)) AS oldest_us, to_us(min(received)) AS first_us, to_us(max(received)) AS last_us,
    (array_agg(dialect ORDER BY received DESC))[1] AS dialect,
    (array_agg(lon ORDER BY time DESC))[1] AS lon, (array_agg(lat ORDER BY time DESC))[1] AS lat
FROM held
WHERE device = %(device)s
