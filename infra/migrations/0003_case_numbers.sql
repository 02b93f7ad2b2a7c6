-- Case numbers people can say aloud. A number is given out before its case is recorded: one that is not used is a gap,
-- which is allowed; one that is used twice is not.

create function store.next_number(kind_prefix text, in_year integer) returns integer
language sql
security definer
set search_path = store, pg_temp
begin atomic
    insert into store.case_numbers as n (prefix, year, last) values (kind_prefix, in_year, 1)
    on conflict (prefix, year) do update set last = n.last + 1
    returning last;
end;

revoke execute on function store.next_number from public;
grant execute on function store.next_number to {app};
