-- What volunteers were asked, and where they are reached by Web Push; loaded by store/offers.py.

-- name: store_offers
INSERT INTO offers AS old (id, incident, person, state, made_at, revision, body)
SELECT
    body ->> 'id', body ->> 'incident', body ->> 'person', body ->> 'state', from_us((body ->> 'made_us')::bigint),
    (body ->> 'revision')::integer, body
FROM jsonb_array_elements(%(rows)s::jsonb) AS body
ON CONFLICT (id) DO UPDATE SET
    (incident, person, state, made_at, revision, body) = (
        excluded.incident, excluded.person, excluded.state, excluded.made_at, excluded.revision, excluded.body
    )
WHERE old.revision < excluded.revision

-- name: offers_of_incident
SELECT to_us(made_at) AS made_us, id, body::text
FROM offers
WHERE incident = %(about)s AND (%(after_id)s::text IS NULL OR (made_at, id) > (from_us(%(after_us)s), %(after_id)s))
ORDER BY made_at, id
LIMIT %(limit)s

-- name: offers_of_person
SELECT to_us(made_at) AS made_us, id, body::text
FROM offers
WHERE person = %(about)s AND (%(after_id)s::text IS NULL OR (made_at, id) > (from_us(%(after_us)s), %(after_id)s))
ORDER BY made_at, id
LIMIT %(limit)s

-- name: heads
SELECT
    incident,
    count(*) FILTER (WHERE state = ANY(%(coming)s)) AS coming,
    count(*) FILTER (WHERE state = ANY(%(there)s)) AS there
FROM offers
WHERE incident = ANY(%(incidents)s) AND state = ANY(%(coming)s || %(there)s) AND body ->> 'role' <> %(look)s
GROUP BY incident

-- name: offer
SELECT body::text FROM offers WHERE id = %(id)s

-- name: add_push
INSERT INTO pushes (endpoint, person, public_key, secret, at)
VALUES (%(endpoint)s, %(person)s, %(public_key)s, %(secret)s, from_us(%(at_us)s))
ON CONFLICT (endpoint) DO UPDATE SET
    (person, public_key, secret, at) = (excluded.person, excluded.public_key, excluded.secret, excluded.at)

-- name: surplus_pushes
DELETE FROM pushes WHERE endpoint IN (
    SELECT endpoint FROM pushes WHERE person = %(person)s ORDER BY at DESC, endpoint OFFSET %(keep)s
)

-- name: pushes_of
SELECT endpoint, public_key, secret FROM pushes WHERE person = %(person)s ORDER BY at, endpoint

-- name: drop_push
DELETE FROM pushes WHERE endpoint = %(endpoint)s

-- name: drop_pushes
DELETE FROM pushes WHERE person = %(person)s
