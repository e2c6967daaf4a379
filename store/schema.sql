-- The whole schema at its newest version. `migrations/` leads older databases here; a test compares the two.
-- Instants are timestamptz, exact to the microsecond; the functions below are the only way in and out.

CREATE FUNCTION from_us(us bigint) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN to_timestamp(us / 1e6::double precision);  -- exact until 2106

CREATE FUNCTION to_us(at timestamptz) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE RETURN (extract(epoch FROM at) * 1000000)::bigint;

-- How far each reader of the log has come; moves in the same transaction as the rows.
CREATE TABLE offsets (
    reader text NOT NULL,
    stream text NOT NULL,
    last_id text NOT NULL,
    PRIMARY KEY (reader, stream)
);

-- Small numbers for device ids: 4 bytes in a hundred million rows instead of 20.
CREATE TABLE device_keys (
    no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE
);

-- One row per fix, however often it was delivered. `content` is the content hash with its top bit flipped, so that
-- signed order here equals unsigned order there. A hypertable where TimescaleDB is (see timescale.sql).
CREATE TABLE fixes (
    device_no integer NOT NULL,
    time timestamptz NOT NULL,
    received timestamptz NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    speed real,
    course real,
    accuracy real,
    altitude real,
    battery real,
    odometer double precision,
    ignition smallint,
    moving smallint,
    flags integer NOT NULL,
    dialect smallint NOT NULL,
    content bigint NOT NULL,
    PRIMARY KEY (device_no, time, content)
);
CREATE INDEX fixes_time ON fixes USING brin (time);

CREATE TABLE dwells (
    id text PRIMARY KEY,
    device text NOT NULL,
    cls text NOT NULL,
    start_at timestamptz NOT NULL,
    end_at timestamptz,
    last_at timestamptz NOT NULL,
    observed_s double precision NOT NULL,
    silent_s double precision NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    radius_m double precision NOT NULL,
    fixes integer NOT NULL,
    state text NOT NULL,
    revision integer NOT NULL,
    merged_into text,
    area text,
    place_id text,
    place_name text,
    place_kind text,
    purpose text NOT NULL,
    alert boolean NOT NULL,
    why text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    worked_s double precision NOT NULL DEFAULT 0,
    -- The time it covers, endless while open.
    span tstzrange NOT NULL GENERATED ALWAYS AS (
        tstzrange(start_at, CASE state WHEN 'open' THEN NULL ELSE greatest(start_at, end_at) END, '[]')
    ) STORED
);
CREATE INDEX dwells_start ON dwells (start_at, id);
CREATE INDEX dwells_device ON dwells (device, start_at);
CREATE INDEX dwells_span ON dwells USING gist (span);
CREATE INDEX dwells_open ON dwells (start_at) WHERE state = 'open';

-- Trips, visits, services, speedings, gaps: `body` is the row as it was told, the columns are what it is looked up by.
CREATE TABLE spells (
    id text PRIMARY KEY,
    kind text NOT NULL,
    device text NOT NULL,
    cls text NOT NULL,
    subject text NOT NULL,
    start_at timestamptz NOT NULL,
    end_at timestamptz,
    last_at timestamptz NOT NULL,
    state text NOT NULL,
    revision integer NOT NULL,
    body jsonb NOT NULL,
    -- The time it covers, endless while open.
    span tstzrange NOT NULL GENERATED ALWAYS AS (
        tstzrange(start_at, CASE state WHEN 'open' THEN NULL ELSE greatest(start_at, end_at) END, '[]')
    ) STORED
);
CREATE INDEX spells_start ON spells (kind, start_at, id);
CREATE INDEX spells_device ON spells (device, kind, start_at);
CREATE INDEX spells_subject ON spells (subject, start_at) WHERE subject <> '';
CREATE INDEX spells_span ON spells USING gist (span);
CREATE INDEX spells_open ON spells (kind, start_at) WHERE state = 'open';

CREATE TABLE alerts (
    id text PRIMARY KEY,
    kind text NOT NULL,
    device text NOT NULL,
    state text NOT NULL,
    revision integer NOT NULL,
    raised_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    dwell text,
    actor text,
    note text NOT NULL,
    rule text,
    spell text,
    thread text,
    level integer NOT NULL DEFAULT 1,
    digest boolean NOT NULL DEFAULT false,
    quiet boolean NOT NULL DEFAULT false
);
CREATE INDEX alerts_raised ON alerts (raised_at, id);
CREATE INDEX alerts_thread ON alerts (thread) WHERE thread IS NOT NULL;
CREATE INDEX alerts_digest ON alerts (raised_at, id) WHERE digest;

-- Everything that was said, in one order: `seq` grows in the order of commits (writers queue on an advisory lock).
CREATE TABLE events (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream text NOT NULL,
    entry_id text NOT NULL,
    ordinal integer NOT NULL,
    kind text NOT NULL,
    device text,
    at timestamptz NOT NULL,
    body jsonb NOT NULL,
    UNIQUE (stream, entry_id, ordinal)
);
CREATE INDEX events_thread ON events ((body ->> 'thread')) WHERE kind = 'alert';
CREATE INDEX events_flagged ON events (seq) WHERE kind = 'fix_flagged';
CREATE INDEX events_incident ON events (coalesce(body ->> 'incident', body ->> 'id'), seq)
WHERE kind IN ('incident', 'plan', 'offer', 'notice');

CREATE TABLE incidents (
    id text PRIMARY KEY,
    status text NOT NULL,
    opened_at timestamptz NOT NULL,
    revision integer NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX incidents_opened ON incidents (opened_at, id);

CREATE TABLE plans (
    incident text NOT NULL,
    at timestamptz NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (incident, at)
);

CREATE TABLE rejects (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received timestamptz NOT NULL,
    reason text NOT NULL,
    dialect text NOT NULL,
    topic text NOT NULL,
    device text NOT NULL,
    detail text NOT NULL,
    payload bytea NOT NULL
);
CREATE INDEX rejects_device ON rejects (device, seq);

-- The newest version of every configured row, as it was given.
CREATE TABLE registry (
    section text NOT NULL,
    id text NOT NULL,
    body jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (section, id)
);
CREATE INDEX registry_assigned ON registry ((body ->> 'device')) WHERE section = 'assignments';

CREATE VIEW assignments AS
SELECT
    id,
    body ->> 'device' AS device,
    body ->> 'vehicle' AS vehicle,
    from_us((body ->> 'from_us')::bigint) AS from_at,
    from_us((body ->> 'until_us')::bigint) AS until_at
FROM registry
WHERE section = 'assignments';

-- The vehicle that carried a device at an instant; no row when nobody assigned one. Postgres inlines it.
CREATE FUNCTION vehicle_at(of_device text, of_at timestamptz) RETURNS TABLE (vehicle text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT a.vehicle FROM assignments AS a
    WHERE
        a.device = of_device AND a.vehicle IS NOT NULL
        AND a.from_at <= of_at AND (a.until_at IS NULL OR of_at < a.until_at)
    ORDER BY a.from_at DESC, a.id
    LIMIT 1;
END;

CREATE TABLE config_log (
    entry_id text NOT NULL PRIMARY KEY,
    id text NOT NULL,
    section text NOT NULL,
    op text NOT NULL,
    rows jsonb NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX config_log_id ON config_log (id) WHERE id <> '';
CREATE INDEX config_log_order ON config_log ((split_part(entry_id, '-', 1)::bigint));

CREATE TABLE commands (
    id text PRIMARY KEY,
    kind text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    body jsonb NOT NULL,
    done boolean NOT NULL DEFAULT false,
    ok boolean NOT NULL DEFAULT false,
    reason text NOT NULL DEFAULT ''
);
CREATE INDEX commands_reporter ON commands (actor, at) WHERE kind = 'incident.open';

-- Credentials: only the sha256 of a secret is here.
CREATE TABLE tokens (
    id text PRIMARY KEY,
    hash bytea NOT NULL UNIQUE,
    role text NOT NULL,
    subject text NOT NULL,
    device text,
    label text NOT NULL,
    created timestamptz NOT NULL,
    expires timestamptz,
    revoked timestamptz,
    broker_hash text NOT NULL DEFAULT '', -- as Mosquitto's password file has it
    used timestamptz
);
CREATE INDEX tokens_device ON tokens (device) WHERE device IS NOT NULL;

CREATE TABLE links (
    hash bytea PRIMARY KEY,
    role text NOT NULL,
    subject text NOT NULL,
    expires timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE sessions (
    hash bytea PRIMARY KEY,
    role text NOT NULL,
    subject text NOT NULL,
    device text,
    expires timestamptz NOT NULL
);

-- Fixes of devices that nobody registered: kept for a day, adopted with the device, else forgotten.
CREATE TABLE held (
    device text NOT NULL,
    time timestamptz NOT NULL,
    received timestamptz NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    speed real,
    course real,
    accuracy real,
    altitude real,
    battery real,
    odometer double precision,
    ignition smallint,
    moving smallint,
    flags integer NOT NULL,
    dialect smallint NOT NULL,
    content bigint NOT NULL,
    PRIMARY KEY (device, time, content)
);
CREATE INDEX held_received ON held (received);

-- The roll-up of fixes by device and hour (of UTC), kept by store/upkeep.py; `due_hours` says which hours changed
-- since: a row is written with the fixes it is about, and read once. No index: it is only appended to and emptied.
CREATE TABLE fix_hours (
    device_no integer NOT NULL,
    hour timestamptz NOT NULL,
    fixes integer NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    late integer NOT NULL,
    flagged integer NOT NULL,
    metres double precision NOT NULL,
    PRIMARY KEY (device_no, hour)
);
CREATE INDEX fix_hours_hour ON fix_hours (hour);

CREATE TABLE due_hours (
    device_no integer NOT NULL,
    hour timestamptz NOT NULL
);

-- Keys of payloads that a phone seals (OwnTracks); both sides need the key itself, so no hash will do.
CREATE TABLE payload_keys (
    device text PRIMARY KEY,
    key bytea NOT NULL,
    at timestamptz NOT NULL
);

-- A link or a QR code that sets up a person's phone, once.
CREATE TABLE invites (
    hash bytea PRIMARY KEY,
    person text NOT NULL,
    actor text NOT NULL,
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    used timestamptz,
    device text
);
CREATE INDEX invites_person ON invites (person);

-- City days whose figures stand: `report` holds them, `day_rows` the rows they were made from, as they then were.
CREATE TABLE days (
    day date PRIMARY KEY,
    state text NOT NULL,
    closed_at timestamptz,
    version integer NOT NULL DEFAULT 0,
    report jsonb,
    refused jsonb NOT NULL DEFAULT '[]' -- devices whose late fixes the engine did not take: [{device, reason}]
);

CREATE TABLE day_rows (
    day date NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (day, kind, id)
);

-- Days (of UTC) of devices of which fixes came beyond the horizon: they wait to be computed anew. `from_at` and `to_at`
-- are times that the engine named, `first_at` and `last_at` when that was; `next_at` is when it is tried again.
CREATE TABLE late_days (
    device text NOT NULL,
    day date NOT NULL,
    from_at timestamptz NOT NULL,
    to_at timestamptz NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT '-infinity',
    refused boolean NOT NULL DEFAULT false,
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (device, day)
);

-- What volunteers were asked, in the newest version.
CREATE TABLE offers (
    id text PRIMARY KEY,
    incident text NOT NULL,
    person text NOT NULL,
    state text NOT NULL,
    made_at timestamptz NOT NULL,
    revision integer NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX offers_incident ON offers (incident, made_at, id);
CREATE INDEX offers_person ON offers (person, made_at, id);

-- Browsers that a person is reached in by Web Push: where, and the two keys that a message is sealed with.
CREATE TABLE pushes (
    endpoint text PRIMARY KEY,
    person text NOT NULL,
    public_key bytea NOT NULL,
    secret bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX pushes_person ON pushes (person);

-- Photos of incidents, as JPEG: bytes that the log does not hold; it knows them by their digest.
CREATE TABLE photos (
    sha256 text PRIMARY KEY,
    incident text NOT NULL,
    person text NOT NULL,
    at timestamptz NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    image bytea NOT NULL,
    thumb bytea NOT NULL
);
CREATE INDEX photos_incident ON photos (incident);
CREATE INDEX photos_person ON photos (person);
CREATE INDEX photos_at ON photos (at);

-- `heads`: by stream the last entry, how many there were, and the digest that runs over them. `leaves`: the digest of
-- each entry that is compared. `kept`: entries as the log had them; NULL for none, and once they are forgotten. The
-- newest one grows: its leaves and what it keeps are parts until it is sealed.
CREATE TABLE blocks (
    no bigint PRIMARY KEY,
    opened_at timestamptz NOT NULL,
    at timestamptz NOT NULL,
    version text NOT NULL,
    seq bigint NOT NULL,
    heads jsonb NOT NULL,
    prev bytea NOT NULL,
    digest bytea NOT NULL,
    leaves bytea NOT NULL DEFAULT '',
    kept bytea
);
CREATE INDEX blocks_opened ON blocks (opened_at);
CREATE INDEX blocks_kept ON blocks (opened_at) WHERE kept IS NOT NULL;

CREATE TABLE block_parts (
    no bigint NOT NULL,
    part bigint GENERATED ALWAYS AS IDENTITY,
    leaves bytea NOT NULL,
    kept bytea,
    PRIMARY KEY (no, part)
);

-- What is not, or not any more, as the chain has it, and why: refused by the archive, erased at a person's wish, or
-- forgotten after its time. `now` is the digest of what stands instead, NULL for nothing. Chained like all else.
CREATE TABLE erased (
    n bigint PRIMARY KEY,
    stream text NOT NULL,
    entry_id text NOT NULL,
    ordinal integer NOT NULL,
    was bytea NOT NULL,
    now bytea,
    why text NOT NULL,
    at timestamptz NOT NULL
);

-- The state of dispatch as it was after an entry; `body` is NULL once it is forgotten.
CREATE TABLE snapshots (
    entry_id text PRIMARY KEY,
    at timestamptz NOT NULL,
    version text NOT NULL,
    digest bytea NOT NULL,
    body bytea
);
CREATE INDEX snapshots_at ON snapshots (at);
CREATE INDEX snapshots_kept ON snapshots (at) WHERE body IS NOT NULL;
