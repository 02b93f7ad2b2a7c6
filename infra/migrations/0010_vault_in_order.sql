-- What may happen to keys and epochs, and in which order.

-- Whoever restores a back-up puts rows back as they were, in whatever order. What follows holds for the service.
create function vault.in_service() returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select current_user = (parse_ident('{keys}'))[1] $$;
revoke execute on function vault.in_service from public;
grant execute on function vault.in_service to {keys};

-- A back-up may hold keys of closed epochs: those that were destroyed in them, and all of them in the midst of a rotation.
drop trigger refuse_closed_epochs on vault.case_keys;
drop trigger refuse_closed_epochs on vault.subject_keys;
create trigger refuse_closed_epochs before insert or update of epoch on vault.case_keys
    for each row when (vault.in_service()) execute function vault.refuse_closed_epochs();
create trigger refuse_closed_epochs before insert or update of epoch on vault.subject_keys
    for each row when (vault.in_service()) execute function vault.refuse_closed_epochs();

-- Epochs follow one another. One that was begun by a rotation that was broken off, and of which a process may still
-- know, does not begin after a later one.
create function vault.refuse_passed_epochs() returns trigger
language plpgsql
set search_path = vault, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(1464157522, 4);
    if exists (select from vault.epochs e where e.epoch > new.epoch) then
        raise exception 'epoch % has passed', new.epoch using errcode = 'WB011';
    end if;
    return new;
end
$$;

create trigger refuse_passed_epochs before insert on vault.epochs
    for each row when (vault.in_service()) execute function vault.refuse_passed_epochs();

-- In a case that was forgotten nobody gets a key any more. Whoever forgets it waits for those who are just making one.
create function vault.refuse_forgotten_cases() returns trigger
language plpgsql
set search_path = vault, pg_temp
as $$
begin
    perform from vault.case_keys c where c.stream = new.stream and c.wrapped is not null for share;
    if not found then
        raise exception 'the case was forgotten' using errcode = 'WB013';
    end if;
    return new;
end
$$;

create trigger refuse_forgotten_cases before insert on vault.subject_keys
    for each row when (vault.in_service()) execute function vault.refuse_forgotten_cases();

-- What was closed is not opened again.
create function vault.refuse_reopening() returns trigger
language plpgsql
set search_path = vault, pg_temp
as $$
begin
    if tg_op in ('DELETE', 'TRUNCATE')
        or (new.epoch, new.proof, new.began_at) is distinct from (old.epoch, old.proof, old.began_at)
        or (old.closed_at is not null and new.closed_at is distinct from old.closed_at)
        or (old.retired_at is not null and new.retired_at is distinct from old.retired_at)
    then
        raise exception 'what was closed stays closed' using errcode = 'WB012';
    end if;
    return new;
end
$$;

create trigger refuse_reopening before update or delete on vault.epochs
    for each row execute function vault.refuse_reopening();
create trigger refuse_emptying before truncate on vault.epochs
    for each statement execute function vault.refuse_reopening();
