-- A client is an organisation and a person: 64 characters, a slash, and the 255 that OpenID Connect allows a ``sub``.

alter table store.idempotency
    drop constraint idempotency_client_check,
    add constraint idempotency_client_check check (char_length(client) between 1 and 320);
