-- Many requests in one transaction: whoever appends shares the wait for the disk with all who wait at that moment.
--
-- store.append_batch is now what writes events. It has the lock and the rules of store.append (0002), for all requests
-- of a batch at once. It records a batch as a whole, or names what stands in its way: then the caller answers the
-- requests concerned and sends the others again. That costs a round trip, which is rare; to sort out the refused and
-- number around them would cost every append a little, and all of them wait for each other.
--
-- The requests of a batch must not touch each other (what one of them reads or writes, no other writes): each is judged
-- by what was recorded before. Which go together is for the caller to see to (infra/groupcommit.py).
--
-- store.append stays, with its answers, as a way to call the new function: the release before this one calls it while
-- this one is rolled out, and still there is one writer and one set of rules. A later migration will drop it.

create function store.append_batch(
    -- The events of all requests, each request's in its own order.
    streams text[],
    versions integer[],
    -- Which earlier event of this batch is the one before it in its stream; null: what is recorded is.
    -- A hint, so that nothing has to be sorted here. One that is not true counts as none.
    follows integer[],
    topics text[],
    event_ids uuid[],
    metadata text[],
    states bytea[],
    -- The versions that streams had when a decision was made on them, also of those that were only read; 0 is a new one.
    expected_streams text[],
    expected_versions integer[],
    -- For each request with a key of its sender: the key, which of the events are its own, and what the answer says.
    client_ids text[],
    client_keys text[],
    client_fingerprints bytea[],
    first_events integer[],
    last_events integer[],
    answer_streams text[],
    answer_versions integer[],
    answer_numbers text[],
    -- Of the first event; the others follow it. Null where nothing was recorded.
    out first_position bigint,
    -- What is in the way: 'repeated' (a key was used before: for this request or another one), 'already recorded',
    -- 'conflict' (of an event with what is recorded) or 'moved on' (a stream, since the decision) …
    out obstacles text[],
    -- … of which one, counted from 1: a key, an event, an event, an expectation …
    out places integer[],
    -- … and what there is to say about it.
    out details text[]
)
language plpgsql
security definer
-- pg_temp stands last, or a caller's temporary table would be taken for one of ours.
set search_path = store, pg_temp
-- Planning the statements below takes longer than executing them, so each session plans them once …
set plan_cache_mode = force_generic_plan
-- … and perhaps while the table is still empty: the plans must suit it when it is not. Every look-up below is one by
-- index for each row: a scalar subquery, or one with a limit. An EXISTS would become a join, and that a scan.
set enable_seqscan = off
as $$
begin
    -- Under a stricter isolation the statements below would not see what was committed while this one waited.
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'events are appended at isolation level read committed'
            using errcode = 'feature_not_supported';
    end if;

    -- Every user of this key: this function. The first number is the service's, the second the purpose.
    perform pg_advisory_xact_lock(1464157522, 1);

    -- In three statements: to set one up takes longer than to execute it, and most appends need only the first.
    select array_agg('conflict'::text), array_agg(n),
        array_agg(format('%s is at version %s, not %s', streams[n], before.version, versions[n] - 1))
    into obstacles, places, details
    from generate_series(1, cardinality(streams)) n
    left join lateral (
        select e.version from store.events e where e.stream = streams[n] order by e.version desc limit 1
    ) recorded on true
    cross join lateral (
        select case
            when follows[n] < n and streams[follows[n]] = streams[n] then versions[follows[n]]
            else coalesce(recorded.version, 0)
        end as version
    ) before
    where before.version is distinct from versions[n] - 1;

    if cardinality(expected_streams) > 0 then
        select obstacles || array_agg('moved on'::text), places || array_agg(n),
            details || array_agg(format('%s is at version %s, not %s', expected_streams[n],
                coalesce(recorded.version, 0), expected_versions[n]))
        into obstacles, places, details
        from generate_series(1, cardinality(expected_streams)) n
        left join lateral (
            select e.version from store.events e where e.stream = expected_streams[n] order by e.version desc limit 1
        ) recorded on true
        where coalesce(recorded.version, 0) is distinct from expected_versions[n];
    end if;

    if cardinality(client_keys) > 0 then
        select obstacles || array_agg('repeated'::text), places || array_agg(n), details || array_agg(''::text)
        into obstacles, places, details
        from generate_series(1, cardinality(client_keys)) n
        where (select true from store.idempotency i where i.client = client_ids[n] and i.key = client_keys[n]);
    end if;

    if obstacles is not null then
        -- An event that is recorded already is in conflict with itself. Whoever lost the connection while committing
        -- can send the same again and learn from this that it was recorded.
        select obstacles || array_agg('already recorded'::text), places || array_agg(n),
            details || array_agg(event_ids[n]::text)
        into obstacles, places, details
        from generate_series(1, cardinality(event_ids)) n
        where (select true from store.events e where e.event_id = event_ids[n]);
        return;
    end if;

    select coalesce(max(e.position), 0) + 1 into first_position from store.events e;
    insert into store.events (position, stream, version, topic, event_id, metadata, state)
    select first_position + n - 1, streams[n], versions[n], topics[n], event_ids[n], metadata[n]::json, states[n]
    from generate_series(1, cardinality(streams)) n;

    if cardinality(client_keys) > 0 then
        insert into store.idempotency
            (client, key, fingerprint, stream, version, number, first_position, last_position)
        select client_ids[n], client_keys[n], client_fingerprints[n],
            answer_streams[n], answer_versions[n], answer_numbers[n],
            append_batch.first_position + first_events[n] - 1, append_batch.first_position + last_events[n] - 1
        from generate_series(1, cardinality(client_keys)) n;
    end if;

    -- Sent at the commit. Only a hint: listeners read the table, and look by themselves every now and then.
    -- Without a payload: equal ones of one transaction are sent as one.
    perform pg_notify('weerbaar_events', '');
end
$$;

revoke execute on function store.append_batch from public;
grant execute on function store.append_batch to {app};


create or replace function store.append(
    streams text[],
    versions integer[],
    topics text[],
    event_ids uuid[],
    metadata text[],
    states bytea[],
    expected_streams text[],
    expected_versions integer[],
    answer_stream text,
    answer_version integer,
    answer_number text,
    client_id text,
    client_key text,
    client_fingerprint bytea,
    out first_position bigint,
    out last_position bigint,
    out repeated boolean
)
language plpgsql
security definer
set search_path = store, pg_temp
as $$
declare
    -- One request with a key, or none.
    keys integer := case when client_key is null then 0 else 1 end;
    answer record;
    known store.idempotency;
begin
    select * into answer from store.append_batch(
        streams, versions,
        array(
            select lag(e.n) over (partition by e.stream order by e.n)
            from unnest(streams) with ordinality e(stream, n) order by e.n
        )::integer[],
        topics, event_ids, metadata, states, expected_streams, expected_versions,
        array_fill(client_id, array[keys]), array_fill(client_key, array[keys]),
        array_fill(client_fingerprint, array[keys]), array_fill(1, array[keys]),
        array_fill(cardinality(streams), array[keys]), array_fill(answer_stream, array[keys]),
        array_fill(answer_version, array[keys]), array_fill(answer_number, array[keys])
    );
    if 'repeated' = any (answer.obstacles) then
        select i.* into known from store.idempotency i where i.client = client_id and i.key = client_key;
        if known.fingerprint is distinct from client_fingerprint then
            raise exception 'the key has been used for another request' using errcode = 'WB002';
        end if;
        first_position := known.first_position;
        last_position := known.last_position;
        repeated := true;
    elsif 'already recorded' = any (answer.obstacles) then
        raise exception 'already recorded: %', (
            select string_agg(o.detail, ', ') from unnest(answer.obstacles, answer.details) o(obstacle, detail)
            where o.obstacle = 'already recorded'
        ) using errcode = 'WB003';
    elsif answer.obstacles is not null then
        raise exception '%', array_to_string(answer.details, '; ') using errcode = 'WB001';
    else
        first_position := answer.first_position;
        last_position := answer.first_position + cardinality(streams) - 1;
        repeated := false;
    end if;
end
$$;
