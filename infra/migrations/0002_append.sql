-- The one door to store.events.
--
-- One fixed lock, held until the commit, makes the order of positions the order of commits. Without it a transaction
-- could commit position 7 after a reader had already read 8, and that reader would never see 7.
-- All else follows from the lock: while it is held nobody else appends, so what is looked up here stays true.

create function store.append(
    streams text[],
    versions integer[],
    topics text[],
    event_ids uuid[],
    metadata text[],
    states bytea[],
    -- The versions that streams had when the decision was made, also of those that were only read; 0 is a new stream.
    expected_streams text[],
    expected_versions integer[],
    -- What the answer says, and under which key of the sender it is kept (null: the request carried none).
    answer_stream text,
    answer_version integer,
    answer_number text,
    client_id text,
    client_key text,
    client_fingerprint bytea,
    out first_position bigint,
    out last_position bigint,
    -- Whether the key was known already: then the positions are those of the first time, and nothing was appended.
    out repeated boolean
)
language plpgsql
security definer
-- pg_temp stands last, or a caller's temporary table would be taken for one of ours.
set search_path = store, pg_temp
-- Planning the statements below takes longer than executing them, so each session plans them once …
set plan_cache_mode = force_generic_plan
-- … and perhaps while the table is still empty: the plans must suit it when it is not.
set enable_seqscan = off
as $$
declare
    known store.idempotency;
    problem text;
begin
    -- Under a stricter isolation the statements below would not see what was committed while this one waited.
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'events are appended at isolation level read committed'
            using errcode = 'feature_not_supported';
    end if;

    -- Every user of this key: store.append. The first number is the service's, the second the purpose.
    perform pg_advisory_xact_lock(1464157522, 1);

    if client_key is not null then
        select i.* into known from store.idempotency i where i.client = client_id and i.key = client_key;
        if found then
            if known.fingerprint is distinct from client_fingerprint then
                raise exception 'the key has been used for another request' using errcode = 'WB002';
            end if;
            first_position := known.first_position;
            last_position := known.last_position;
            repeated := true;
            return;
        end if;
    end if;

    -- Before the versions: whoever lost the connection while committing can send the same again and learn from this
    -- error, instead of a version conflict with their own events, that it was recorded.
    select string_agg(d.event_id::text, ', ') into problem
    from (
        select n.event_id from unnest(event_ids) n(event_id)
        where exists (select from store.events e where e.event_id = n.event_id)
        union
        select n.event_id from unnest(event_ids) n(event_id) group by n.event_id having count(*) > 1
    ) d;
    if problem is not null then
        raise exception 'already recorded: %', problem using errcode = 'WB003';
    end if;

    -- The n-th event of a stream says that its stream was n versions behind it.
    select string_agg(format('%s is at version %s, not %s', c.stream, c.found, c.expected), '; ') into problem
    from (
        select n.stream, n.expected, coalesce(last.version, 0) as found
        from (
            select e.stream, e.version::bigint as expected
            from unnest(expected_streams, expected_versions) e(stream, version)
            union
            select e.stream, e.version - row_number() over (partition by e.stream order by e.n)
            from unnest(streams, versions) with ordinality e(stream, version, n)
        ) n
        left join lateral (
            select e.version from store.events e where e.stream = n.stream order by e.version desc limit 1
        ) last on true
    ) c
    where c.found is distinct from c.expected;
    if problem is not null then
        raise exception '%', problem using errcode = 'WB001';
    end if;

    select coalesce(max(e.position), 0) into last_position from store.events e;
    first_position := last_position + 1;
    insert into store.events (position, stream, version, topic, event_id, metadata, state)
    select last_position + n.n, n.stream, n.version, n.topic, n.event_id, n.metadata::json, n.state
    from unnest(streams, versions, topics, event_ids, metadata, states) with ordinality
        n(stream, version, topic, event_id, metadata, state, n);
    last_position := last_position + cardinality(event_ids);
    repeated := false;

    if client_key is not null then
        insert into store.idempotency
            (client, key, fingerprint, stream, version, number, first_position, last_position)
        values
            (client_id, client_key, client_fingerprint, answer_stream, answer_version, answer_number,
             append.first_position, append.last_position);
    end if;

    -- Sent at the commit. Only a hint: listeners read the table, and look by themselves every now and then.
    -- Without a payload: equal ones of one transaction are sent as one.
    perform pg_notify('weerbaar_events', '');
end
$$;

revoke execute on function store.append from public;
grant execute on function store.append to {app};
