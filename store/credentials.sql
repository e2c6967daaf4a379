-- Named queries of tokens, links, sessions, payload keys and invitations, loaded by store/pg.py.

-- name: create_tokens
INSERT INTO tokens (id, hash, broker_hash, device, subject, role, label, created, expires)
SELECT id, hash, broker_hash, device, subject, %(role)s, %(label)s, from_us(%(now_us)s), from_us(%(expires_us)s)
FROM unnest(
    %(ids)s::text[], %(hashes)s::bytea[], %(broker_hashes)s::text[], %(devices)s::text[], %(subjects)s::text[]
) AS new (id, hash, broker_hash, device, subject)

-- name: find_token
SELECT
    id, role, subject, device,
    coalesce(used, '-infinity') < from_us(%(now_us)s) - interval '1 minute' AS untold
FROM tokens
WHERE hash = %(hash)s AND revoked IS NULL AND (expires IS NULL OR from_us(%(now_us)s) < expires)

-- name: when_used_is_a_hint
-- A crash may lose the last minute of "last used": not worth a disk write that somebody waits for.
SET LOCAL synchronous_commit TO off

-- name: use_token
UPDATE tokens SET used = from_us(%(now_us)s)
WHERE id = %(id)s AND coalesce(used, '-infinity') < from_us(%(now_us)s) - interval '1 minute'

-- name: list_tokens
SELECT
    id, role, subject, device, label, to_us(created) AS created_us, to_us(expires) AS expires_us,
    to_us(revoked) AS revoked_us, to_us(used) AS used_us
FROM tokens
WHERE %(device)s::text IS NULL OR device = %(device)s
ORDER BY created DESC, id

-- name: live_tokens
-- Locked, so that of two rotations at once the second sees what the first made of them.
SELECT
    id, role, subject, device, label, to_us(created) AS created_us, to_us(expires) AS expires_us,
    to_us(revoked) AS revoked_us, to_us(used) AS used_us
FROM tokens
WHERE
    (id = %(id)s OR device = %(device)s)
    AND revoked IS NULL AND (expires IS NULL OR from_us(%(now_us)s) < expires)
ORDER BY created DESC, id
FOR UPDATE

-- name: end_tokens
UPDATE tokens SET
    revoked = CASE WHEN %(at_us)s <= %(now_us)s THEN from_us(%(now_us)s) END,
    expires = CASE WHEN %(at_us)s <= %(now_us)s THEN expires ELSE least(expires, from_us(%(at_us)s)) END
WHERE
    (id = ANY(%(ids)s) OR device = ANY(%(devices)s))
    AND revoked IS NULL AND (expires IS NULL OR from_us(%(now_us)s) < expires)
RETURNING id

-- name: broker_users
-- A broker keeps one password a name: the newest live one counts.
SELECT DISTINCT ON (device, CASE WHEN device IS NULL THEN subject END) device, subject, broker_hash
FROM tokens
WHERE
    role = 'device' AND broker_hash <> ''
    AND revoked IS NULL AND (expires IS NULL OR from_us(%(now_us)s) < expires)
ORDER BY device, CASE WHEN device IS NULL THEN subject END, created DESC, id

-- name: devices_with_tokens
SELECT DISTINCT device FROM tokens
WHERE device IS NOT NULL AND revoked IS NULL AND (expires IS NULL OR from_us(%(now_us)s) < expires)

-- name: create_link
WITH old AS (DELETE FROM links WHERE expires < from_us(%(now_us)s) - interval '1 day')
INSERT INTO links (hash, role, subject, expires)
VALUES (%(hash)s, %(role)s, %(subject)s, from_us(%(expires_us)s))

-- name: redeem_link
UPDATE links SET used_at = from_us(%(now_us)s)
WHERE hash = %(hash)s AND used_at IS NULL AND from_us(%(now_us)s) < expires
RETURNING role, subject, NULL::text AS device

-- name: create_session
WITH old AS (DELETE FROM sessions WHERE expires < from_us(%(now_us)s))
INSERT INTO sessions (hash, role, subject, device, expires)
VALUES (%(hash)s, %(role)s, %(subject)s, %(device)s, from_us(%(expires_us)s))

-- name: find_session
SELECT role, subject, device FROM sessions WHERE hash = %(hash)s AND from_us(%(now_us)s) < expires

-- name: drop_session
DELETE FROM sessions WHERE hash = %(hash)s

-- ---------------------------------------------------------------- keys of sealed payloads

-- name: payload_keys
SELECT device, key FROM payload_keys

-- name: set_payload_key
INSERT INTO payload_keys (device, key, at) VALUES (%(device)s, %(key)s, from_us(%(now_us)s))
ON CONFLICT (device) DO UPDATE SET (key, at) = (excluded.key, excluded.at)

-- name: drop_payload_key
DELETE FROM payload_keys WHERE device = %(device)s RETURNING device

-- ---------------------------------------------------------------- invitations

-- name: create_invite
-- A new one makes those that wait worthless, so that one link works at a time.
WITH
    waiting AS (
        DELETE FROM invites WHERE person = %(person)s AND used IS NULL
    ),
    old AS (
        DELETE FROM invites WHERE person <> %(person)s AND used IS NULL AND expires < from_us(%(now_us)s) - interval '30 days'
    )
INSERT INTO invites (hash, person, actor, created, expires)
VALUES (%(hash)s, %(person)s, %(actor)s, from_us(%(now_us)s), from_us(%(expires_us)s))

-- name: find_invite
SELECT person, actor, device, to_us(expires) AS expires_us, to_us(used) AS used_us FROM invites WHERE hash = %(hash)s

-- name: lock_phones
SELECT pg_advisory_xact_lock(7240000000000000004)

-- name: phones
-- Ids that begin so, of registered devices and of invitations that are just being answered.
SELECT id FROM registry WHERE section = 'devices' AND starts_with(id, %(prefix)s)
UNION
SELECT device FROM invites WHERE starts_with(device, %(prefix)s)

-- name: claim_invite
UPDATE invites SET used = from_us(%(now_us)s), device = %(device)s
WHERE hash = %(hash)s AND used IS NULL AND from_us(%(now_us)s) < expires
RETURNING person, actor, device, to_us(expires) AS expires_us, to_us(used) AS used_us

-- name: release_invite
UPDATE invites SET used = NULL WHERE hash = %(hash)s

-- name: assignments_of
SELECT r.body, d.body AS device
FROM registry AS r
LEFT JOIN registry AS d ON d.section = 'devices' AND d.id = r.body ->> 'device'
WHERE r.section = 'assignments' AND r.body ->> 'person' = %(person)s AND r.body ->> 'device' IS NOT NULL
ORDER BY r.id
