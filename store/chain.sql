-- The hash chain, loaded by store/chain.py, store/proving.py and store/inputs.py; see store/pg.py for the form.

-- name: newest
SELECT
    b.no, to_us(b.opened_at) AS opened_us, to_us(b.at) AS at_us, b.version, b.seq, b.heads, b.prev, b.digest,
    p.leaves_size, p.kept_size, e.newest_seq
FROM (SELECT coalesce(max(seq), 0) AS newest_seq FROM events) AS e
LEFT JOIN (SELECT * FROM blocks ORDER BY no DESC LIMIT 1) AS b ON true
CROSS JOIN LATERAL (
    SELECT coalesce(sum(octet_length(leaves)), 0) AS leaves_size, coalesce(sum(octet_length(kept)), 0) AS kept_size
    FROM block_parts
    WHERE no = b.no
) AS p

-- name: seal
-- The parts of the newest block become one, which the database can pack.
WITH part AS (
    DELETE FROM block_parts WHERE no = %(no)s RETURNING part, leaves, kept
)
UPDATE blocks SET
    (leaves, kept) = (
        SELECT coalesce(string_agg(leaves, '' ORDER BY part), ''), string_agg(kept, '' ORDER BY part) FROM part
    )
WHERE no = %(no)s

-- name: new_block
INSERT INTO blocks (no, opened_at, at, version, seq, heads, prev, digest)
VALUES (
    %(no)s, from_us(%(opened_us)s), from_us(%(at_us)s), %(version)s, %(seq)s, %(heads)s::jsonb, %(prev)s, %(digest)s
)

-- name: longer_block
UPDATE blocks SET (at, seq, heads, digest) = (from_us(%(at_us)s), %(seq)s, %(heads)s::jsonb, %(digest)s)
WHERE no = %(no)s

-- name: new_part
INSERT INTO block_parts (no, leaves, kept) VALUES (%(no)s, %(leaves)s, %(kept)s)

-- name: new_erased
INSERT INTO erased (n, stream, entry_id, ordinal, was, now, why, at)
SELECT n, stream, entry_id, ordinal, was, now, why, from_us(at_us)
FROM unnest(
    %(n)s::bigint[], %(stream)s::text[], %(entry_id)s::text[], %(ordinal)s::integer[], %(was)s::bytea[],
    %(now)s::bytea[], %(why)s::text[], %(at_us)s::bigint[]
) AS new (n, stream, entry_id, ordinal, was, now, why, at_us)

-- name: blocks
SELECT
    b.no, to_us(b.opened_at) AS opened_us, to_us(b.at) AS at_us, b.version, b.seq, b.heads, b.prev, b.digest,
    b.leaves || coalesce(p.leaves, '') AS leaves,
    CASE WHEN b.kept IS NULL THEN p.kept ELSE b.kept || coalesce(p.kept, '') END AS kept
FROM blocks AS b
CROSS JOIN LATERAL (
    SELECT string_agg(leaves, '' ORDER BY part) AS leaves, string_agg(kept, '' ORDER BY part) AS kept
    FROM block_parts
    WHERE no = b.no
) AS p
WHERE b.no >= %(from_no)s AND b.no <= %(to_no)s
ORDER BY b.no
LIMIT %(limit)s

-- name: anchors
-- The newest block, which still grows, and the one before; or one by its number.
SELECT no, to_us(at) AS at_us, version, heads, prev, digest FROM blocks
WHERE %(no)s::bigint IS NULL OR no = %(no)s
ORDER BY no DESC
LIMIT 2

-- name: block_at
-- The block that an instant lies in: the last that was opened by then.
SELECT no FROM blocks WHERE opened_at <= from_us(%(at_us)s) ORDER BY opened_at DESC, no DESC LIMIT 1

-- name: ends
SELECT coalesce(min(no), 0) AS first, coalesce(max(no), 0) AS last FROM blocks

-- name: said
SELECT seq, stream, entry_id, ordinal, body::text AS body FROM events
WHERE seq > %(after)s AND seq <= %(to)s
ORDER BY seq
LIMIT %(limit)s

-- name: said_beyond
SELECT seq, stream, entry_id, ordinal FROM events WHERE seq > %(after)s ORDER BY seq LIMIT 1

-- name: erased
SELECT n, stream, entry_id, ordinal, was, now, why, to_us(at) AS at_us FROM erased
WHERE n > %(after)s
ORDER BY n
LIMIT %(limit)s

-- name: keep_snapshot
INSERT INTO snapshots (entry_id, at, version, digest, body)
VALUES (%(entry_id)s, from_us(%(at_us)s), %(version)s, %(digest)s, %(body)s)
ON CONFLICT DO NOTHING

-- name: newest_snapshot
SELECT entry_id, to_us(at) AS at_us, version FROM snapshots
ORDER BY at DESC
LIMIT 1

-- name: snapshot_ids
SELECT entry_id FROM snapshots
WHERE at >= from_us(%(from_us)s) AND at <= from_us(%(to_us)s) AND body IS NOT NULL

-- name: snapshot_before
SELECT entry_id, to_us(at) AS at_us, version, digest, body FROM snapshots
WHERE at <= from_us(%(at_us)s) AND body IS NOT NULL
ORDER BY at DESC
LIMIT 1

-- name: oldest_snapshot
SELECT entry_id FROM snapshots WHERE body IS NOT NULL ORDER BY at LIMIT 1

-- name: snapshot
SELECT entry_id, to_us(at) AS at_us, version, digest, body FROM snapshots WHERE entry_id = %(entry_id)s

-- name: said_of_incident
-- The first and the last entry from which something followed for an incident.
SELECT entry_id FROM events
WHERE
    coalesce(body ->> 'incident', body ->> 'id') = %(incident)s AND kind IN ('incident', 'plan', 'offer', 'notice')
    AND stream = 'dispatch.events'
ORDER BY seq

-- name: said_by_entry
SELECT ordinal, body::text AS body FROM events
WHERE stream = 'dispatch.events' AND entry_id = %(entry_id)s
ORDER BY ordinal

-- name: naming_blocks
SELECT no FROM blocks
WHERE
    no < %(newest)s AND kept IS NOT NULL
    AND EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE position(convert_to(n, 'UTF8') IN kept) > 0)
ORDER BY no

-- name: naming_kept
SELECT no, NULL::bigint AS part, kept FROM blocks
WHERE
    no >= %(from_no)s AND no <= coalesce(%(to_no)s::bigint, no) AND kept IS NOT NULL
    AND EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE position(convert_to(n, 'UTF8') IN kept) > 0)
UNION ALL
SELECT no, part, kept FROM block_parts
WHERE
    no >= %(from_no)s AND no <= coalesce(%(to_no)s::bigint, no)
    AND EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE position(convert_to(n, 'UTF8') IN kept) > 0)
ORDER BY no, part

-- name: rewrite_kept
UPDATE blocks SET kept = %(kept)s WHERE no = %(no)s

-- name: rewrite_part
UPDATE block_parts SET kept = %(kept)s WHERE no = %(no)s AND part = %(part)s

-- name: naming_snapshots
SELECT entry_id FROM snapshots
WHERE
    body IS NOT NULL
    AND EXISTS (SELECT FROM unnest(%(names)s::text[]) AS n WHERE position(convert_to(n, 'UTF8') IN body) > 0)
ORDER BY at

-- name: rewrite_snapshot
UPDATE snapshots SET body = %(body)s WHERE entry_id = %(entry_id)s

-- name: forget_kept
UPDATE blocks SET kept = NULL
WHERE opened_at < from_us(%(before_us)s) AND kept IS NOT NULL

-- name: forget_snapshots
-- The first, of an installation that is new, holds nothing.
UPDATE snapshots SET body = NULL WHERE at < from_us(%(before_us)s) AND body IS NOT NULL AND entry_id <> '0-0'

-- name: one_view
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- name: strange_incidents
-- Tables of newest versions against the events that they were made from.
SELECT 'incident' AS what, i.id FROM incidents AS i
WHERE NOT EXISTS (
    SELECT FROM events AS e
    WHERE e.kind = 'incident' AND coalesce(e.body ->> 'incident', e.body ->> 'id') = i.id AND e.body = i.body
)
ORDER BY i.id
LIMIT 100

-- name: strange_offers
-- But for those of somebody who was erased: their events are gone.
SELECT 'offer' AS what, o.id FROM offers AS o
WHERE
    o.body ->> 'person' <> 'terhapus'
    AND NOT EXISTS (
        SELECT FROM events AS e
        WHERE e.kind = 'offer' AND coalesce(e.body ->> 'incident', e.body ->> 'id') = o.incident AND e.body = o.body
    )
ORDER BY o.id
LIMIT 100

-- name: strange_plans
SELECT 'the plan of incident' AS what, p.incident AS id FROM plans AS p
WHERE NOT EXISTS (
    SELECT FROM events AS e
    WHERE e.kind = 'plan' AND coalesce(e.body ->> 'incident', e.body ->> 'id') = p.incident AND e.body = p.body
)
ORDER BY p.incident
LIMIT 100
