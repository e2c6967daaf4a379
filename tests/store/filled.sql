-- A fleet's month in the archive: 50 devices, 300,000 fixes over 30 days, for tests of query plans.
INSERT INTO device_keys (id) SELECT 'd' || n FROM generate_series(1, 50) AS n;
INSERT INTO fixes
SELECT
    n % 50 + 1, from_us(1767571200000000 + n * 8640000::bigint), now(), 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, 0, 1, n
FROM generate_series(1, 300000) AS n;
INSERT INTO fix_hours
SELECT d, from_us(1767571200000000 + h * 3600000000::bigint), 9, now(), now(), 0, 0, 0
FROM generate_series(1, 50) AS d, generate_series(0, 719) AS h;
INSERT INTO dwells (
    id, device, cls, start_at, end_at, last_at, observed_s, silent_s, lon, lat, radius_m, fixes, state, revision, purpose,
    alert
)
SELECT 'w' || n, 'd' || (n % 50), 'truck', from_us(s), from_us(s + 60000000), from_us(s + 60000000), 60, 0, 0, 0, 9, 9,
    'closed', 1, 'unlabelled', false
FROM generate_series(1, 40000) AS n, LATERAL (SELECT 1767571200000000 + n * 64800000::bigint) AS t (s);
INSERT INTO spells (id, kind, device, cls, subject, start_at, end_at, last_at, state, revision, body)
SELECT
    's' || n, (ARRAY['trip', 'visit', 'service', 'gap'])[1 + n % 4], 'd' || (n % 50), 'truck',
    CASE n % 4 WHEN 1 THEN (ARRAY['area:a', 'place:p'])[1 + n / 4 % 2] || n % 40 WHEN 2 THEN 'place:p' || n % 40 ELSE '' END,
    from_us(s), from_us(s + 60000000), from_us(s + 60000000), 'closed', 1, '{}'
FROM generate_series(1, 80000) AS n, LATERAL (SELECT 1767571200000000 + n * 32400000::bigint) AS t (s);
INSERT INTO events (stream, entry_id, ordinal, kind, at, body)
SELECT 'events.0', n || '-0', 0, 'dwell', now(), '{}' FROM generate_series(1, 40000) AS n;
INSERT INTO events (stream, entry_id, ordinal, kind, at, body)
SELECT 'dispatch.events', n || '-0', 0, 'offer', now(), jsonb_build_object('id', 'o' || n, 'incident', 'i' || n % 500)
FROM generate_series(1, 20000) AS n;
INSERT INTO alerts
SELECT 'a' || n, 'dwell_limit', 'd' || (n % 50), 'raised', 1, from_us(1767571200000000 + n * 86400000::bigint), now(), 0, 0,
    'w' || n, NULL, '', NULL, NULL, 'w' || n, 1, n % 100 = 0, false
FROM generate_series(1, 30000) AS n;
INSERT INTO rejects (received, reason, dialect, topic, device, detail, payload)
SELECT now(), (ARRAY['future', 'not_json'])[1 + n % 2], 'native', 't', 'd' || (n % 50), '', 'x'
FROM generate_series(1, 40000) AS n;
INSERT INTO incidents SELECT 'i' || n, 'closed', now() - n * interval '1 hour', 1, '{}' FROM generate_series(1, 10000) AS n;
INSERT INTO plans SELECT 'i' || n, now(), '{}' FROM generate_series(1, 10000) AS n;
INSERT INTO offers
SELECT 'o' || n, 'i' || (n % 1000), 'p' || (n % 500), 'released', now() - n * interval '1 hour', 1, '{}'
FROM generate_series(1, 40000) AS n;
INSERT INTO pushes SELECT 'https://push/' || n, 'p' || (n % 3000), '', '', now() FROM generate_series(1, 6000) AS n;
INSERT INTO photos SELECT md5('' || n), 'i' || n % 900, 'p' || n % 500, now(), 1, 1, '', '' FROM generate_series(1, 9000) AS n;
INSERT INTO commands SELECT 'r' || n, 'incident.open', 'p' || n % 500, now(), '{}' FROM generate_series(1, 9000) AS n;
INSERT INTO commands SELECT 'c' || n, 'k', 'ani', now(), '{}' FROM generate_series(1, 20000) AS n;
INSERT INTO config_log
SELECT n || '-0', CASE WHEN n % 2 = 0 THEN 'g' || n ELSE '' END, 'devices', 'upsert', '[]', 'ani', now()
FROM generate_series(1, 20000) AS n;
INSERT INTO registry SELECT 'devices', 'd' || n, '{}', now() FROM generate_series(1, 5000) AS n;
INSERT INTO registry
SELECT
    'assignments', 'j' || n,
    jsonb_build_object('device', 'd' || (n % 5000), 'vehicle', 'v' || n, 'from_us', 1767571200000000 + n), now()
FROM generate_series(1, 10000) AS n;
INSERT INTO held
SELECT 'x' || (n % 200), from_us(1767571200000000 + n * 1000000::bigint), from_us(1767571200000000 + n * 1000000::bigint),
    0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 1, n
FROM generate_series(1, 50000) AS n;
INSERT INTO blocks (no, opened_at, at, version, seq, heads, prev, digest, kept)
SELECT n, from_us(1767571200000000 + n * 60000000::bigint), now(), '', n, '{}', '', '', CASE WHEN n > 19900 THEN 'x'::bytea END
FROM generate_series(1, 20000) AS n;
INSERT INTO block_parts (no, leaves) SELECT 20000, '' FROM generate_series(1, 100);
INSERT INTO erased SELECT n, 'events.0', n || '-0', 0, '', NULL, 'erased', now() FROM generate_series(1, 20000) AS n;
INSERT INTO snapshots SELECT n || '-0', from_us(1767571200000000 + n * 60000000::bigint), '', '', 'x'
FROM generate_series(1, 5000) AS n;
