-- What was said of many incidents, for figures over a span; loaded by store/stories.py.

-- name: opened
SELECT to_us(opened_at) AS opened_us, id
FROM incidents
WHERE
    opened_at >= from_us(%(from_us)s) AND opened_at < from_us(%(to_us)s)
    AND (body ->> 'exercise')::boolean = %(exercise)s
    AND (%(after_id)s::text IS NULL OR (opened_at, id) > (from_us(%(after_us)s), %(after_id)s))
ORDER BY opened_at, id
LIMIT %(limit)s

-- name: opened_many
SELECT count(*) AS many FROM (
    SELECT FROM incidents
    WHERE
        opened_at >= from_us(%(from_us)s) AND opened_at < from_us(%(to_us)s)
        AND (body ->> 'exercise')::boolean = %(exercise)s
    LIMIT %(limit)s
) AS counted

-- name: told
-- Plans weigh more than all the rest: only those with a comparison, and of them no people. That an offer reached a
-- phone is no figure.
SELECT
    coalesce(body ->> 'incident', body ->> 'id') AS incident,
    CASE
        WHEN kind = 'plan'
            THEN body || '{"chosen": [], "others": [], "worth": [], "alternatives": [], "words": []}'
        ELSE body
    END::text AS body
FROM events
WHERE
    kind IN ('incident', 'plan', 'offer')
    AND coalesce(body ->> 'incident', body ->> 'id') = ANY(%(incidents)s)
    AND (kind <> 'offer' OR body ->> 'state' NOT IN ('delivered', 'seen'))
    AND (kind <> 'plan' OR jsonb_typeof(body -> 'beside') = 'object')
ORDER BY seq
