-- The permanent tables. What stands in them is never changed or removed: a correction is an event of its own.
-- No role of the application may write them; the functions of the next migrations are the only doors.
--
-- Keys are collated "C": another collation depends on the operating system, and an upgrade of that reorders its indexes.

create schema store;

create table store.migrations (
    name text collate "C" primary key,
    sha256 text not null,
    applied_at timestamptz not null default clock_timestamp()
);
comment on table store.migrations is 'Which migrations were applied, and what they said then.';

create table store.events (
    -- Dense: 1, 2, 3 … in the order of the commits, so that a reader who has seen n has seen all before n.
    position bigint primary key check (position > 0),
    stream text collate "C" not null check (char_length(stream) between 1 and 200),
    version integer not null check (version > 0),
    topic text collate "C" not null check (char_length(topic) between 1 and 200),
    event_id uuid not null unique,
    -- json and not jsonb: the text stays as it was written, byte for byte, so that it can be hashed.
    metadata json not null,
    state bytea not null,
    recorded_at timestamptz not null default clock_timestamp(),
    unique (stream, version)
);
comment on table store.events is 'Every fact of every stream, in the order of recording.';

create table store.idempotency (
    client text collate "C" check (char_length(client) between 1 and 200),
    key text collate "C" check (char_length(key) between 1 and 200),
    -- A keyed hash and not the request itself: requests hold names.
    fingerprint bytea not null,
    stream text collate "C" not null,
    version integer not null,
    number text,
    first_position bigint not null,
    last_position bigint not null,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (client, key)
);
comment on table store.idempotency is 'What was answered to a request that carried a key of its sender.';

create table store.case_numbers (
    prefix text collate "C" check (prefix ~ '^[A-Z]{{2,4}}$'),
    year integer check (year between 1900 and 9999),
    last integer not null check (last between 1 and 999999999),
    primary key (prefix, year)
);
comment on table store.case_numbers is 'The last case number given out, per kind of case and year.';

grant usage on schema store to {app}, {projector};
grant select on store.events to {app}, {projector};
grant select on store.idempotency, store.migrations to {app};
