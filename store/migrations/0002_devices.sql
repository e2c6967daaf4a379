-- Every device is heard: fixes of strangers, credentials that can be given out, changed and followed, invitations.

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

-- Every hour that is stored already is due.
INSERT INTO due_hours SELECT DISTINCT device_no, date_trunc('hour', time, 'UTC') FROM fixes;

ALTER TABLE tokens ADD COLUMN broker_hash text NOT NULL DEFAULT ''; -- as Mosquitto's password file has it
ALTER TABLE tokens ADD COLUMN used timestamptz;
CREATE INDEX tokens_device ON tokens (device) WHERE device IS NOT NULL;

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
