-- What a supervisor asks of a round: trips, visits, services; why a stop has its purpose; days that are closed.

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

ALTER TABLE dwells ADD COLUMN why text NOT NULL DEFAULT '';
ALTER TABLE dwells ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE dwells ADD COLUMN worked_s double precision NOT NULL DEFAULT 0;

ALTER TABLE alerts ADD COLUMN rule text;
ALTER TABLE alerts ADD COLUMN spell text;
ALTER TABLE alerts ADD COLUMN thread text;
ALTER TABLE alerts ADD COLUMN level integer NOT NULL DEFAULT 1;
ALTER TABLE alerts ADD COLUMN digest boolean NOT NULL DEFAULT false;
ALTER TABLE alerts ADD COLUMN quiet boolean NOT NULL DEFAULT false;
CREATE INDEX alerts_thread ON alerts (thread) WHERE thread IS NOT NULL;
CREATE INDEX alerts_digest ON alerts (raised_at, id) WHERE digest;
CREATE INDEX events_thread ON events ((body ->> 'thread')) WHERE kind = 'alert';
CREATE INDEX events_flagged ON events (seq) WHERE kind = 'fix_flagged';
UPDATE alerts SET thread = dwell WHERE dwell IS NOT NULL;

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

-- City days whose figures stand: `report` holds them, `day_rows` the rows they were made from, as they then were.
CREATE TABLE days (
    day date PRIMARY KEY,
    state text NOT NULL,
    closed_at timestamptz,
    version integer NOT NULL DEFAULT 0,
    report jsonb
);

CREATE TABLE day_rows (
    day date NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (day, kind, id)
);

-- Changes of configuration in the order of the log, for whoever follows them.
CREATE INDEX config_log_order ON config_log ((split_part(entry_id, '-', 1)::bigint));
