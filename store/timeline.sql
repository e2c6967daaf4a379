-- What was said of an incident, and who could be asked; loaded by store/timeline.py.

-- name: timeline
-- The events of one input entry stand together; the command that it was, if it was one, is told among them.
SELECT e.seq, e.kind, e.body::text, c.kind AS act, c.actor
FROM events AS e
LEFT JOIN events AS done
    ON
        done.stream = e.stream AND done.entry_id = e.entry_id AND done.kind = 'command_done'
        AND done.body ->> 'ok' = 'true'
LEFT JOIN commands AS c ON c.id = done.body ->> 'id'
WHERE
    e.kind IN ('incident', 'plan', 'offer', 'notice')
    AND coalesce(e.body ->> 'incident', e.body ->> 'id') = %(incident)s
    AND e.seq > %(after)s
ORDER BY e.seq
LIMIT %(limit)s

-- name: volunteers
SELECT id, body FROM registry
WHERE section = 'people' AND body ->> 'kind' = 'volunteer' AND id > %(after)s
ORDER BY id
LIMIT %(limit)s

-- name: off_duty
-- Phones that a volunteer carries who is not on duty or does not agree: nobody is to see where they are.
SELECT DISTINCT a.body ->> 'device' AS device
FROM registry AS a
INNER JOIN registry AS p ON p.section = 'people' AND p.id = a.body ->> 'person'
WHERE
    a.section = 'assignments' AND a.body ->> 'device' IS NOT NULL
    AND (a.body ->> 'from_us')::bigint <= %(now_us)s
    AND coalesce((a.body ->> 'until_us')::bigint > %(now_us)s, true)
    AND p.body ->> 'kind' = 'volunteer'
    AND NOT (
        p.body ->> 'consent_us' IS NOT NULL
        AND EXISTS (
            SELECT FROM jsonb_array_elements(p.body -> 'duty') AS span
            WHERE (span ->> 0)::bigint <= %(now_us)s AND (span ->> 1)::bigint > %(now_us)s
        )
    )

-- name: on_duty
SELECT
    count(*) AS registered,
    count(*) FILTER (
        WHERE body ->> 'consent_us' IS NOT NULL
        AND EXISTS (
            SELECT FROM jsonb_array_elements(body -> 'duty') AS span
            WHERE (span ->> 0)::bigint <= %(now_us)s AND (span ->> 1)::bigint > %(now_us)s
        )
    ) AS on_duty
FROM registry
WHERE section = 'people' AND body ->> 'kind' = 'volunteer'

-- name: areas
SELECT id, coalesce(nullif(body ->> 'name', ''), id) AS name FROM registry WHERE section = 'areas' ORDER BY 2, 1 LIMIT 1000
