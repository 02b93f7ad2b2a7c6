-- Who may log in? Run once by the image of PostgreSQL, as its superuser, when the database is made.
--
-- weerbaar_owner owns the permanent tables, makes the roles without login, and is used by `weerbaar migrate` only.
-- weerbaar_service is what the API and the projector log in as. It owns nothing and may do nothing by itself:
-- `weerbaar migrate` lets it take the roles of its parts: weerbaar_app, weerbaar_projector, weerbaar_reader and weerbaar_auditor.

\set ON_ERROR_STOP on
\if :{?secrets}
\else
    \set secrets /run/secrets
\endif
\set owner_password `cat :'secrets'/owner_password`
\set service_password `cat :'secrets'/service_password`

-- A statement that fails is logged whole, and these hold passwords.
set log_min_error_statement = panic;

select '' in (:'owner_password', :'service_password') as lacking \gset
\if :lacking
    do 'begin raise exception $$a password file is missing or empty$$; end';
\endif

create role weerbaar_owner login createrole password :'owner_password';
create role weerbaar_service login noinherit password :'service_password';

select current_database() as database \gset
alter database :"database" owner to weerbaar_owner;
revoke all on database :"database" from public;
grant connect on database :"database" to weerbaar_service;
