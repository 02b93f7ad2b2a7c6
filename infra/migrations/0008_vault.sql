-- The keys of cases and of the people in them, each under a key-encryption key that is not in this database.
--
-- Whoever is to be forgotten loses their key. The row stays without it, so that nobody makes them a new one. Of all
-- tables beside those of the pages only these are ever changed: what is sealed under a key stands in store.events and
-- stays there.

create schema vault;

create table vault.epochs (
    epoch integer primary key check (epoch > 0),
    -- Opens under the key of this epoch and no other: whoever brings another file with keys hears of it at once.
    proof bytea not null,
    began_at timestamptz not null default clock_timestamp(),
    -- From then on no key is kept under the key of this epoch …
    closed_at timestamptz,
    -- … and from then on there is no such key.
    retired_at timestamptz
);
comment on table vault.epochs is 'The key-encryption keys that there have been.';

create table vault.case_keys (
    stream text collate "C" primary key check (char_length(stream) between 1 and 200),
    epoch integer not null references vault.epochs,
    wrapped bytea,
    made_at timestamptz not null default clock_timestamp(),
    destroyed_at timestamptz,
    check ((wrapped is null) = (destroyed_at is not null))
);
comment on table vault.case_keys is 'What seals which body and office a case is about.';
create index on vault.case_keys (epoch);

create table vault.subject_keys (
    subject uuid primary key,
    -- Somebody is another subject in each case.
    stream text collate "C" not null check (char_length(stream) between 1 and 200),
    epoch integer not null references vault.epochs,
    wrapped bytea,
    made_at timestamptz not null default clock_timestamp(),
    destroyed_at timestamptz,
    check ((wrapped is null) = (destroyed_at is not null))
);
comment on table vault.subject_keys is 'What seals everything personal about somebody in a case.';
create index on vault.subject_keys (stream);
create index on vault.subject_keys (epoch);

-- A process that has not heard of a new epoch yet keeps no key under the old one any more: that one is about to go.
create function vault.refuse_closed_epochs() returns trigger
language plpgsql
set search_path = vault, pg_temp
as $$
begin
    perform from vault.epochs e where e.epoch = new.epoch and e.closed_at is null for share;
    if not found then
        raise exception 'epoch % is closed', new.epoch using errcode = 'WB011';
    end if;
    return new;
end
$$;

create trigger refuse_closed_epochs before insert or update of epoch on vault.case_keys
    for each row execute function vault.refuse_closed_epochs();
create trigger refuse_closed_epochs before insert or update of epoch on vault.subject_keys
    for each row execute function vault.refuse_closed_epochs();

-- A key that was destroyed does not come back, and a row does not go away.
create function vault.refuse_revival() returns trigger
language plpgsql
set search_path = vault, pg_temp
as $$
begin
    if tg_op in ('DELETE', 'TRUNCATE') or old.wrapped is null then
        raise exception 'what was destroyed stays destroyed' using errcode = 'WB012';
    end if;
    return new;
end
$$;

create trigger refuse_revival before update or delete on vault.case_keys
    for each row execute function vault.refuse_revival();
create trigger refuse_revival before update or delete on vault.subject_keys
    for each row execute function vault.refuse_revival();
create trigger refuse_emptying before truncate on vault.case_keys
    for each statement execute function vault.refuse_revival();
create trigger refuse_emptying before truncate on vault.subject_keys
    for each statement execute function vault.refuse_revival();

grant usage on schema vault to {keys}, {projector};
grant select, insert, update on vault.epochs, vault.case_keys, vault.subject_keys to {keys};
-- Views tell of bodies and offices, and of nobody by name.
grant select on vault.case_keys to {projector};
