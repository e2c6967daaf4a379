-- Days of devices that wait to be computed anew, and how it stands with each; what a day was closed without.

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

ALTER TABLE days ADD COLUMN refused jsonb NOT NULL DEFAULT '[]';
