"""Do the logins of the deployment suffice, and does a backup bring everything back?"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from domain.basis import Actor, OrganisationId, PersonId, Role
from domain.people import Office
from domain.threat_case import THREAT_CASE, ReportThreat
from infra import embedded
from infra.database import Database
from infra.deploy.example import make_secrets
from infra.eventstore import Receipt
from infra.identity import Caller
from infra.migrate import migrate, pending
from infra.settings import read_settings
from services.app import Service
from services.cases.handling import Request
from services.projections import worklist
from services.projections.register import VIEWS
from services.projections.runner import Runner
from tests.keyring import KEYRING
from tests.network import projector_store
from tests.programs import run

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/how-to/deploy.md").read_text("utf-8")
TEAM = Actor(person=PersonId("p-team-1"), organisation=OrganisationId("ondersteuningsteam"), role=Role.SUPPORT_TEAM)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the example's secrets."""
    folder = tmp_path_factory.mktemp("deployment") / "the secrets"  # a path may hold a space
    make_secrets.make(folder, b'{"keys": []}')
    return folder


@pytest.fixture(scope="module")
def superuser(tmp_path_factory: pytest.TempPathFactory, secrets: Path) -> Iterator[str]:
    """Yield the URL of a server on which the deployment's logins have been made, as its superuser.

    A server of its own: logins belong to the whole server, and these have fixed names.
    """
    folder = tmp_path_factory.mktemp("deployed")
    try:
        with embedded.embedded_server(folder, durable=False) as url:
            run("psql", *logins(secrets), url)
            yield url
    finally:
        embedded.forget(folder)


def logins(secrets: Path) -> tuple[str, ...]:
    """Return the options with which psql makes the logins."""
    return "--no-psqlrc", f"--set=secrets={secrets}", f"--file={ROOT / 'infra/deploy/database/10-logins.sql'}"


def login(url: str, user: str, *, database: str = "weerbaar") -> str:
    """Return *url* for another user and database."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}@", path=f"/{database}").geturl()


def report(service: Service) -> Receipt:
    """Report a threat."""
    command = ReportThreat(body="gm0855", office=Office.WETHOUDER, call_back_number="06-00 00 01 01", danger_now=True)
    return service.handling.handle_now(THREAT_CASE, Request(command=command, caller=Caller(actor=TEAM)))


def on_the_worklist(database: Database) -> list[str]:
    """Return the numbers of the cases that the support team sees."""
    with database.reading(TEAM) as cursor:
        return [case.number for case in worklist.cases(cursor).items]


@pytest.fixture(scope="module")
def migrated(superuser: str) -> str:
    """Return the URL of the superuser once the owner has migrated."""
    with Database(login(superuser, "weerbaar_owner"), keyring=KEYRING) as database:
        assert migrate(database)
    return superuser


def test_the_service_works_with_the_rights_it_has(migrated: str, tmp_path: Path) -> None:
    """Application and projector do their work as a login that owns nothing."""
    with Database(login(migrated, "weerbaar_service"), keyring=KEYRING) as database:
        service = Service(read_settings(data_dir=tmp_path), database)
        number = report(service).number
        Runner(database, projector_store(database), VIEWS).catch_up()

        assert pending(database) == []
        assert number in on_the_worklist(database)


@pytest.mark.parametrize(
    "statement",
    [
        "select from store.events",
        "insert into store.migrations values ('9999_mine', '')",
        "select store.next_number('DR', 2026)",
        "create table public.mine (id integer)",
        "create schema mine",
        "create role mine",
    ],
)
def test_the_service_can_do_nothing_by_itself(migrated: str, statement: str) -> None:
    """Only in the roles that it takes does it have rights, in each those of that role."""
    with (
        closing(psycopg.connect(login(migrated, "weerbaar_service"))) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_nobody_but_the_deployments_logins_may_connect(migrated: str) -> None:
    """A role that somebody else made on the same server does not get in."""
    with closing(psycopg.connect(migrated, autocommit=True)) as connection:
        connection.execute("create role somebody login")

        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(login(migrated, "somebody"))


@pytest.mark.parametrize("name", ["owner", "service"])
def test_the_passwords_are_those_in_the_files(superuser: str, secrets: Path, name: str) -> None:
    """To the letter: without the line end that a file may have, and stored as a verifier."""
    with closing(psycopg.connect(superuser)) as connection:
        stored = connection.execute(
            "select rolpassword, rolsuper from pg_authid where rolname = %s", (f"weerbaar_{name}",)
        ).fetchone()
    assert stored
    scram = re.fullmatch(r"SCRAM-SHA-256\$(\d+):(.+)\$(.+):(.+)", stored[0])
    assert scram
    password = (secrets / f"{name}_password").read_bytes()
    salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(scram[2]), int(scram[1]))
    server_key = hmac.digest(salted, b"Server Key", "sha256")

    assert base64.b64decode(scram[4]) == server_key
    assert stored[1] is False


@pytest.mark.parametrize("lacking", ["owner_password", "service_password"])
def test_no_login_is_made_without_a_password(superuser: str, tmp_path: Path, lacking: str) -> None:
    """A file that is missing or empty ends the initialisation, and with it the start of the database."""
    make_secrets.make(tmp_path / "secrets", b"{}")
    (tmp_path / "secrets" / lacking).unlink()

    with pytest.raises(AssertionError, match="a password file is missing or empty"):
        run("psql", *logins(tmp_path / "secrets"), superuser)


def test_a_backup_brings_everything_back(migrated: str, tmp_path: Path) -> None:
    """With the commands of the guide: what was permanent is as it was, and the views follow from it."""
    dump = tmp_path / "weerbaar.dump"
    backup, restore = (options(program) for program in ("pg_dump", "pg_restore"))
    with Database(login(migrated, "weerbaar_service"), keyring=KEYRING) as database:
        report(Service(read_settings(data_dir=tmp_path), database))
    everything = "select * from store.events order by position"
    run("pg_dump", *backup, f"--file={dump}", f"--dbname={migrated}")
    with closing(psycopg.connect(migrated, autocommit=True)) as connection:
        connection.execute("create database restored owner weerbaar_owner")
        before = connection.execute(everything).fetchall()

    with Database(login(migrated, "weerbaar_owner", database="restored"), keyring=KEYRING) as database:
        migrate(database)
    run("pg_restore", *restore, f"--dbname={login(migrated, 'weerbaar', database='restored')}", str(dump))

    with closing(psycopg.connect(login(migrated, "weerbaar", database="restored"))) as connection:
        assert connection.execute(everything).fetchall() == before
    with Database(login(migrated, "weerbaar_service", database="restored"), keyring=KEYRING) as database:
        service = Service(read_settings(data_dir=tmp_path), database)
        number = report(service).number
        Runner(database, projector_store(database), VIEWS).catch_up()
        numbers = [*on_the_worklist(database)]

    assert number in numbers
    assert len(numbers) == len(set(numbers)) == len(before) + 1


def options(program: str) -> list[str]:
    """Return the options that the guide gives *program*, other than where to connect."""
    (line,) = re.findall(rf"(?m)^ {{4}}docker compose exec .* {program} (.*?) [<>] weerbaar\.dump$", GUIDE)
    return [option for option in line.split() if not option.startswith(("--username", "--dbname"))]
