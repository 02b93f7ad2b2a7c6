-- What the pages need to remember between two requests. None of it is history: all of it may be deleted, and is.

create schema pages;

create table pages.sessions (
    -- A hash: whoever reads this table cannot take anybody's place.
    id bytea primary key check (octet_length(id) = 32),
    person text not null,
    organisation text not null,
    role text not null,
    began_at timestamptz not null,
    seen_at timestamptz not null
);
comment on table pages.sessions is 'Who has signed in to the pages, and when they were last there.';
create index on pages.sessions (seen_at);

create table pages.drafts (
    -- Keyed hashes: what somebody is typing, and that they are typing at all, is nobody's business.
    id text collate "C" primary key check (char_length(id) between 1 and 100),
    whose text collate "C" not null check (char_length(whose) between 1 and 100),
    content text not null,
    kept_at timestamptz not null
);
comment on table pages.drafts is 'What somebody has typed in a form and not sent yet, sealed.';
create index on pages.drafts (whose, kept_at);
create index on pages.drafts (kept_at);

grant usage on schema pages to {app};
grant select, insert, update, delete on pages.sessions, pages.drafts to {app};
