-- One hash chain over all that decides or says something; what dispatch decided from, for as long as it may be kept.

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
