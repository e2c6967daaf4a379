-- What is kept of a volunteer, and its end; loaded by store/erasure.py. Rows are held (FOR UPDATE), so that
-- their `ctid` names them until they are written again.

-- name: joins_of_person
SELECT body FROM registry WHERE section = 'assignments' AND body ->> 'person' = %(person)s ORDER BY id

-- name: words_of
SELECT id, kind, to_us(at) AS at_us, body FROM commands WHERE actor = %(person)s ORDER BY at, id

-- name: forget_fixes
DELETE FROM fixes
USING device_keys AS k
WHERE
    fixes.device_no = k.no AND k.id = %(device)s
    AND fixes.time >= from_us(%(from_us)s) AND fixes.time < from_us(%(until_us)s)

-- name: forget_dwells
DELETE FROM dwells WHERE device = %(device)s AND start_at >= from_us(%(from_us)s) AND start_at < from_us(%(until_us)s)

-- name: forget_spells
DELETE FROM spells WHERE device = %(device)s AND start_at >= from_us(%(from_us)s) AND start_at < from_us(%(until_us)s)

-- name: forget_alerts
DELETE FROM alerts WHERE device = %(device)s AND raised_at >= from_us(%(from_us)s) AND raised_at < from_us(%(until_us)s)

-- name: forget_rejects_of
DELETE FROM rejects WHERE device = %(device)s AND received >= from_us(%(from_us)s) AND received < from_us(%(until_us)s)

-- name: forget_device_events
-- What was said of incidents stays, without names (unname_events): how many were asked, came, and when.
DELETE FROM events
WHERE
    device = %(device)s AND at >= from_us(%(from_us)s) AND at < from_us(%(until_us)s)
    AND kind NOT IN ('incident', 'plan', 'offer', 'notice')
RETURNING stream, entry_id, ordinal, body::text AS body

-- name: forget_day_rows
DELETE FROM day_rows
WHERE
    kind IN ('dwell', 'spell', 'alert') AND body ->> 'device' = %(device)s
    AND coalesce(body ->> 'start_us', body ->> 'at_us')::bigint >= %(from_us)s
    AND coalesce(body ->> 'start_us', body ->> 'at_us')::bigint < %(until_us)s

-- name: forget_day_joins
DELETE FROM day_rows WHERE kind = 'registry' AND body -> 'body' ->> 'person' = %(person)s

-- name: naming_day_rows
SELECT ctid::text AS key, body FROM day_rows
WHERE EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE strpos(body::text, to_json(n)::text) > 0)
FOR UPDATE

-- name: unname_day_rows
UPDATE day_rows SET body = new.body::jsonb
FROM unnest(%(keys)s::text[], %(bodies)s::text[]) AS new (key, body)
WHERE day_rows.ctid = new.key::tid

-- name: naming_days
SELECT ctid::text AS key, report AS body FROM days
WHERE EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE strpos(report::text, to_json(n)::text) > 0)
FOR UPDATE

-- name: unname_days
UPDATE days SET report = new.body::jsonb
FROM unnest(%(keys)s::text[], %(bodies)s::text[]) AS new (key, body)
WHERE days.ctid = new.key::tid

-- name: naming_events
SELECT ctid::text AS key, body, body::text AS text, stream, entry_id, ordinal FROM events
WHERE
    seq > %(after)s AND seq <= coalesce(%(to)s::bigint, seq)
    AND kind IN ('incident', 'plan', 'offer', 'notice')
    AND EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE strpos(body::text, to_json(n)::text) > 0)
FOR UPDATE

-- name: unname_events
UPDATE events SET
    (device, body) = (CASE WHEN events.device IS NOT NULL THEN new.body::jsonb ->> 'device' END, new.body::jsonb)
FROM unnest(%(keys)s::text[], %(bodies)s::text[]) AS new (key, body)
WHERE events.ctid = new.key::tid

-- name: naming_plans
SELECT ctid::text AS key, body FROM plans
WHERE EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE strpos(body::text, to_json(n)::text) > 0)
FOR UPDATE

-- name: unname_plans
UPDATE plans SET body = new.body::jsonb
FROM unnest(%(keys)s::text[], %(bodies)s::text[]) AS new (key, body)
WHERE plans.ctid = new.key::tid

-- name: naming_incidents
SELECT ctid::text AS key, body FROM incidents
WHERE EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE strpos(body::text, to_json(n)::text) > 0)
FOR UPDATE

-- name: unname_incidents
UPDATE incidents SET body = new.body::jsonb
FROM unnest(%(keys)s::text[], %(bodies)s::text[]) AS new (key, body)
WHERE incidents.ctid = new.key::tid

-- name: naming_offers
SELECT ctid::text AS key, body FROM offers
WHERE EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE strpos(body::text, to_json(n)::text) > 0)
FOR UPDATE

-- name: unname_offers
UPDATE offers SET (person, body) = (new.body::jsonb ->> 'person', new.body::jsonb)
FROM unnest(%(keys)s::text[], %(bodies)s::text[]) AS new (key, body)
WHERE offers.ctid = new.key::tid

-- name: naming_commands
SELECT ctid::text AS key, body FROM commands
WHERE EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE strpos(body::text, to_json(n)::text) > 0)
FOR UPDATE

-- name: unname_commands
UPDATE commands SET body = new.body::jsonb
FROM unnest(%(keys)s::text[], %(bodies)s::text[]) AS new (key, body)
WHERE commands.ctid = new.key::tid

-- name: naming_config_log
SELECT ctid::text AS key, rows AS body FROM config_log
WHERE section IN ('people', 'assignments') AND EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE strpos(rows::text, to_json(n)::text) > 0)
FOR UPDATE

-- name: unname_config_log
UPDATE config_log SET rows = new.body::jsonb
FROM unnest(%(keys)s::text[], %(bodies)s::text[]) AS new (key, body)
WHERE config_log.ctid = new.key::tid

-- name: forget_actor
UPDATE commands SET actor = %(word)s WHERE actor = ANY(%(names)s)

-- name: forget_pushes
DELETE FROM pushes WHERE person = %(person)s

-- name: forget_photos
-- What an incident that is open still needs stays, without a name.
DELETE FROM photos AS p
WHERE
    p.person = %(person)s AND NOT EXISTS (
        SELECT FROM incidents AS i
        WHERE
            i.status NOT IN ('closed', 'cancelled')
            AND i.body -> 'photos' @> jsonb_build_array(jsonb_build_object('sha256', p.sha256))
    )

-- name: unname_photos
UPDATE photos SET person = %(word)s WHERE person = %(person)s

-- name: forget_invites
DELETE FROM invites WHERE person = %(person)s

-- name: forget_tokens
DELETE FROM tokens WHERE role = 'volunteer' AND subject = %(person)s

-- name: forget_sessions
DELETE FROM sessions WHERE role = 'volunteer' AND subject = %(person)s

-- name: forget_links
DELETE FROM links WHERE role = 'volunteer' AND subject = %(person)s
