-- What volunteers were asked, in the newest version; where a person's browser is reached by Web Push.

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

CREATE TABLE pushes (
    endpoint text PRIMARY KEY,
    person text NOT NULL,
    public_key bytea NOT NULL,
    secret bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX pushes_person ON pushes (person);
