-- What is permanent refuses to be changed or removed, to its owner too; and each event gets what its leaf in the
-- transparency log needs (docs/transparency-log.md).

-- A leaf is public and must not let anybody guess what it is about: a hash of things that can be guessed does. So it
-- hashes random bytes along. They stand with the event, so that a backup of the events is all that a proof needs.
-- uuid_send and gen_random_uuid are PostgreSQL's own: 122 random bits, without an extension.
alter table store.events
    add salt bytea not null default uuid_send(gen_random_uuid()),
    add constraint events_salt_check check (octet_length(salt) = 16);
comment on column store.events.salt is 'Hides in the leaf of the event what it is about.';

-- Who looks whether the log is whole, and who writes down what is in it: reads events, and has no other right.
grant usage on schema store to {auditor};
grant select on store.events to {auditor};

-- A migration may have to change what stands here, with everybody watching: its name and hash stand in store.migrations,
-- which is permanent as well. So that is the key to this door: the row of a migration, written in this very transaction.
create function store.refuse_change() returns trigger
language plpgsql
set search_path = store, pg_temp
as $$
begin
    if exists (select from store.migrations m where m.xmin = pg_current_xact_id()::xid) then
        return null;
    end if;
    raise exception '% is permanent: % is refused', tg_table_name, lower(tg_op)
        using errcode = 'restrict_violation', hint = 'Only a migration can do this.';
end
$$;
revoke execute on function store.refuse_change from public;

-- For each statement: one that concerns no row is refused too, so that nobody gets used to it.
create trigger permanent before update or delete or truncate on store.events
    for each statement execute function store.refuse_change();
create trigger permanent before update or delete or truncate on store.idempotency
    for each statement execute function store.refuse_change();
create trigger permanent before update or delete or truncate on store.migrations
    for each statement execute function store.refuse_change();
create trigger permanent before delete or truncate on store.case_numbers
    for each statement execute function store.refuse_change();

-- A case number is counted up, so that none is given out twice; nothing else happens to it.
create function store.count_up_only() returns trigger
language plpgsql
set search_path = store, pg_temp
as $$
begin
    if (new.prefix, new.year) is distinct from (old.prefix, old.year) or new.last < old.last then
        raise exception 'case numbers only count up' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
revoke execute on function store.count_up_only from public;

create trigger count_up_only before update on store.case_numbers
    for each row execute function store.count_up_only();
