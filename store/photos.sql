-- Photos of incidents; loaded by store/photos.py.

-- name: one_at_a_time
-- Counting and storing is one act; photos are few.
SELECT pg_advisory_xact_lock(hashtext('photos'))

-- name: kept
SELECT
    EXISTS (SELECT FROM photos WHERE sha256 = %(sha256)s) AS known,
    (SELECT count(*) FROM photos WHERE incident = %(incident)s) AS of_incident,
    (SELECT count(*) FROM photos WHERE at > from_us(%(at_us)s) - interval '1 day') AS of_day

-- name: add
INSERT INTO photos (sha256, incident, person, at, width, height, image, thumb)
VALUES (
    %(sha256)s, %(incident)s, %(person)s, from_us(%(at_us)s), %(width)s, %(height)s, %(image)s, %(thumb)s
)

-- name: drop
DELETE FROM photos WHERE sha256 = %(sha256)s

-- name: image
SELECT image FROM photos WHERE sha256 = %(sha256)s

-- name: thumb
SELECT thumb AS image FROM photos WHERE sha256 = %(sha256)s

-- name: there
SELECT sha256, width, height FROM photos WHERE sha256 = ANY(%(digests)s)

-- name: of_person
SELECT sha256, incident, to_us(at) AS at_us FROM photos WHERE person = %(person)s ORDER BY at, sha256

-- name: expire
DELETE FROM photos WHERE at < from_us(%(before_us)s)

-- name: reporter
SELECT actor FROM commands WHERE id = %(incident)s AND kind = 'incident.open'

-- name: reported_by
SELECT i.body::text
FROM commands AS c
INNER JOIN incidents AS i ON i.id = c.id
WHERE c.kind = 'incident.open' AND c.actor = %(person)s AND c.at > from_us(%(since_us)s)
ORDER BY c.at DESC
LIMIT %(limit)s
