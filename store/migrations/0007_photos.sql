-- Photos of incidents: bytes that the log does not hold; it knows them by their digest.

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

-- Who reported what: a person's own reports, few among all commands.
CREATE INDEX commands_reporter ON commands (actor, at) WHERE kind = 'incident.open';
