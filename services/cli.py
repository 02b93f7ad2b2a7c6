"""Which commands does the program ``weerbaar`` have?

This is a composition root: it reads the settings once, opens the database, and hands both to the parts.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from typing import Annotated, Any, NoReturn
from uuid import UUID

import psycopg
import typer
import uvicorn
from eventsourcing import persistence
from pydantic import ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from domain.basis import Actor, OrganisationId, PersonId, Role
from domain.kinds import KINDS
from domain.organisations import ErasureReason
from domain.values import AMSTERDAM
from infra.database import Database, DatabaseRole
from infra.embedded import EmbeddedServerError, embedded_server, running_server
from infra.eventstore import CaseStore
from infra.files import write_durably
from infra.identity import NotAuthenticated, demo_issuer
from infra.keyring import KeyringError, keyring, new_file
from infra.log import frames, logs_crashes, set_up_logging
from infra.mapper import FactMapper
from infra.migrate import MigrationError, migrate, pending
from infra.registers import public_bodies
from infra.settings import Mode, Settings, SettingsError, read_settings
from infra.signednotes import MalformedNote
from services.app import Service, create_api, create_app, now, settle
from services.demo.cast import CAST
from services.demo.day import DayError
from services.demo.run import DemoError, run_demo
from services.erasing import Erasing, NothingToErase
from services.evidence import BundleError, check_bundle, prove
from services.history.arrivals import Parameters
from services.history.recording import HistoryError, begun, record
from services.portal.app import warm
from services.portal.assets import FrontEndMissing
from services.projections import cases, timeline
from services.projections.former import drop, former
from services.projections.projecting import Undigestible
from services.projections.rebuilding import BeingRebuilt, Difference, StillRead, differences, rebuild
from services.projections.register import VIEWS
from services.projections.replay import Replay, replay
from services.projections.runner import Runner
from services.projections.tracking import status
from services.projections.views import View
from services.transparency.folder import LogError, current_log, only_one
from services.transparency.keys import begin, ensure_begun, place_of, read_policy, rotate, signing_place_of
from services.transparency.restarting import restart
from services.transparency.state import VERIFIED, state_of
from services.transparency.verifying import Report, Verification
from services.transparency.witness import LOGS, begin_witness, create_witness, open_witness
from services.transparency.writer import LogRefused, Writer, writing

program = typer.Typer(
    name="weerbaar",
    help="Case management for the Netwerk Weerbaar Bestuur. Settings are the variables WEERBAAR_… (docs/settings.md).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys_program = typer.Typer(name="keys", help="Make and rotate the key-encryption keys.", no_args_is_help=True)
program.add_typer(keys_program)
log_program = typer.Typer(name="log", help="Begin the transparency log, and keep its keys.", no_args_is_help=True)
program.add_typer(log_program)
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)

OPERATOR = Actor(person=PersonId("operator"), organisation=OrganisationId("operation"), role=Role.AUDITOR)
"""As whom the command line reads: it sees what an auditor sees, and changes nothing."""

ONE_LINE = (
    BeingRebuilt,
    BundleError,
    DayError,
    DemoError,
    EmbeddedServerError,
    FrontEndMissing,
    HistoryError,
    KeyringError,
    LogError,
    LogRefused,
    MalformedNote,
    MigrationError,
    NothingToErase,
    SettingsError,
    StillRead,
    Undigestible,
)
"""Errors whose message is one line for whoever typed the command."""


class CommandError(Exception):
    """What was asked for cannot be done; the message is one line."""


def main() -> None:
    """Run the program; an error is one line on standard error and exit status 1."""
    try:
        program()
    except (*ONE_LINE, CommandError) as error:
        fail(str(error))
    except psycopg.errors.UndefinedTable:
        fail("the views of this release have not been built yet: start weerbaar project first")
    except (psycopg.OperationalError, persistence.OperationalError):
        fail("the database does not answer")
    except (psycopg.Error, persistence.PersistenceError) as error:  # its message may quote a row
        fail(f"the database refuses ({type(error).__name__})")
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if logs_crashes():  # serve and project do
            raise
        if os.environ.get("WEERBAAR_LOG_LEVEL") == "debug":
            for frame in frames(error):
                print(frame, file=sys.stderr)  # noqa: T201
        fail(f"failed ({type(error).__qualname__})")  # its message may quote a fact


def fail(message: str) -> NoReturn:
    """Say *message* on standard error, and end."""
    print(f"weerbaar: {message}", file=sys.stderr)  # noqa: T201
    sys.exit(1)


@contextmanager
def opened(settings: Settings, *, sealed: bool = False) -> Iterator[Database]:
    """Open the configured database, or the embedded one: the demo's if it runs, else one for as long as this lasts.

    Whoever leaves what is *sealed* as it is needs no keys, and is given none.
    """
    keys = (lambda _: None) if sealed else keyring
    if settings.database_url is not None:
        with Database(settings.address(), settings.role_prefix, settings.pool_size, keys(settings)) as database:
            yield database
    elif settings.mode is Mode.PRODUCTION:
        message = "production mode needs the setting WEERBAAR_DATABASE_URL"
        raise SettingsError(message)
    elif running := running_server(settings.data_dir):
        with Database(running, settings.role_prefix, settings.pool_size, keys(settings)) as database:
            yield database
    else:
        with (
            embedded_server(settings.data_dir) as address,
            Database(address, settings.role_prefix, settings.pool_size, keys(settings)) as database,
        ):
            migrate(database)
            yield database


@contextmanager
def migrated(settings: Settings, *, sealed: bool = False) -> Iterator[Database]:
    """Open the database for somebody who waits at a terminal: what is wrong with it is said at once."""
    if settings.database_url is None and settings.mode is Mode.DEMO and not settings.data_dir.exists():
        message = f"there is no demo in {settings.data_dir}: run make demo first, and this command in the same folder"
        raise CommandError(message)
    with opened(settings, sealed=sealed) as database:
        if pending(database):
            message = "the database is not migrated to this release: run weerbaar migrate"
            raise CommandError(message)
        yield database


def projector_store(database: Database) -> CaseStore:
    """Return the store as the projector reads it."""
    return CaseStore(database, KINDS, role=DatabaseRole.PROJECTOR)


@program.command()
def demo(
    port: Annotated[int | None, typer.Option(help="Port of the API; by default WEERBAAR_PORT, or 8000.")] = None,
) -> None:
    """Start everything with a demo history: database, API and projections, until Ctrl-C."""
    settings = read_settings(**({"port": port} if port else {}))
    if settings.mode is Mode.PRODUCTION:
        message = "the demo does not run in production mode"
        raise CommandError(message)
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end, also while it is still starting
        run_demo(settings, now, out)


@program.command()
def serve() -> None:
    """Serve the pages and the API on WEERBAAR_HOST and WEERBAAR_PORT."""
    settings = read_settings()
    set_up_logging(settings)
    with opened(settings) as database:
        app = create_app(Service(settings, database, cast=CAST))
        warm(app.state.portal)
        settle()
        uvicorn.run(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            timeout_graceful_shutdown=10,
        )


@program.command()
def project() -> None:
    """Keep the views and the transparency log up to date; a second one stands by and takes over when this one ends."""
    settings = read_settings()
    set_up_logging(settings)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with opened(settings) as database:
        place = signing_place_of(settings)
        ensure_begun(place, settings.mode)
        runner = Runner(database, projector_store(database), VIEWS)
        settle()
        with writing(Writer(database, place), stop):
            runner.run(stop)


@program.command()
def generate(
    years: Annotated[int, typer.Option(help="How many years it lasts, 1 to 20.")] = 10,
    scale: Annotated[float, typer.Option(help="Which part of the country it tells of; 1.0 is all of it.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Another seed tells another history.")] = 7,
    until: Annotated[str | None, typer.Option(help="The day on which it ends, 2026-11-01; by default today.")] = None,
) -> None:
    """Record a made-up history of the whole country; the same command goes on where it was stopped."""
    settings = read_settings()
    if settings.mode is Mode.PRODUCTION:
        message = "production mode has no made-up history"
        raise CommandError(message)
    started, today = time.monotonic(), now().astimezone(AMSTERDAM).date()
    asked = history_asked_for(years, scale, seed, until, today)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with migrated(settings) as database:
        store = CaseStore(database, KINDS)
        there = begun(store)
        if until is None and there and asked.model_copy(update={"until": there.until}) == there:
            asked = there
        with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
            task = progress.add_task("", total=(asked.until - asked.start).days)
            told = record(
                store,
                asked,
                public_bodies(),
                lambda day: progress.update(task, description=f"{day:%B %Y}", completed=(day - asked.start).days),
            )
    if not told.recorded:
        out.print(f"This history is there already: {told.events:,} events.")
        return
    seconds = time.monotonic() - started
    counted = ", ".join(f"{told.streams[kind.name]:,} {kind.collection.replace('-', ' ')}" for kind in KINDS)
    before = f" ({told.events - told.recorded:,} of them before)" if told.recorded < told.events else ""
    out.print(
        f"From {asked.start} to {asked.until}: {counted}. Recorded {told.events:,} events{before}"
        f" in {seconds:.1f} s, {told.recorded / seconds:,.0f} a second."
    )


def history_asked_for(years: int, scale: float, seed: int, until: str | None, today: date) -> Parameters:
    """Return the parameters of a history, or say what is wrong with them."""
    try:
        end = date.fromisoformat(until) if until else today
    except ValueError:
        message = f"--until needs a day, for instance {today}"
        raise CommandError(message) from None
    if end > today:
        message = "--until needs a day that has come"
        raise CommandError(message)
    try:
        return Parameters(years=years, scale=scale, seed=seed, until=end)
    except ValidationError as error:
        fault = error.errors()[0]
        message = f"--{fault['loc'][0]}: {fault['msg'][0].lower()}{fault['msg'][1:]}"
        raise CommandError(message) from None


@program.command(name="migrate")
def migrate_command() -> None:
    """Bring the permanent tables of the database up to date."""
    settings = read_settings()
    with opened(settings) as database:
        names = migrate(database)
    out.print("\n".join(f"applied {name}" for name in names) or "nothing to do")


@program.command(name="replay")
def replay_command(
    number: Annotated[str, typer.Argument(help="The case number, for instance DR-2026-000123.")],
    version: Annotated[int | None, typer.Option(min=1, help="Up to and including this fact.")] = None,
    at: Annotated[str | None, typer.Option(help="As of this moment, with its zone: 2026-03-01T12:00Z.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,  # noqa: FBT002
) -> None:
    """Tell the history of a case, and its state at a version or a moment."""
    if version and at:
        message = "give --version or --at, not both"
        raise CommandError(message)
    settings = read_settings()
    topics = {fact.topic: fact for kind in KINDS for fact in kind.facts}
    with migrated(settings) as database, database.reading(OPERATOR) as cursor:
        case = cases.by_number(cursor, number)
        if case is None:
            message = f"there is no case {number}"
            raise CommandError(message)
        entries = timeline.of_stream(cursor, case.stream, topics, CaseStore(database, KINDS).vault)
    kind = next(kind for kind in KINDS if kind.name == case.kind)
    told = replay(kind, entries, version=version, at=moment(at) if at else None)
    if as_json:
        sys.stdout.write(told.model_dump_json(indent=2) + "\n")
    else:
        tell(number, told)


def moment(text: str) -> datetime:
    """Return the moment that *text* says, which must name its zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        message = "--at needs a moment with its zone, for instance 2026-03-01T12:00Z"
        raise CommandError(message)
    return found


def tell(number: str, told: Replay) -> None:
    """Print a history in words, and the state it adds up to."""
    if not told.history:
        out.print(f"{number}: nothing had been recorded yet.")
        return
    out.print(f"{number}, version {told.version}\n")
    for happening in told.history:
        out.print(f"{happening.version:>4}  {happening.at:%Y-%m-%d %H:%M:%S}Z  {happening.words}")
        out.print(f"{'':28}by {happening.recorded_by} ({happening.role.value}, {happening.organisation})")
    out.print("\nState:")
    out.print(json.dumps(_said(told.state), indent=2, ensure_ascii=False), markup=False)


def _said(state: Any) -> Any:  # noqa: ANN401 - JSON
    """Leave out what a state does not say."""
    if isinstance(state, dict):
        return {name: _said(value) for name, value in state.items() if value not in (None, [], {}, "")}
    return [_said(item) for item in state] if isinstance(state, list) else state


@program.command(name="rebuild")
def rebuild_command(
    names: Annotated[list[str] | None, typer.Argument(metavar="[VIEW]...", help="Which views; by default all.")] = None,
    check: Annotated[  # noqa: FBT002
        bool, typer.Option("--check", help="Change nothing: tell where a live view is not what the log makes of it.")
    ] = False,
) -> None:
    """Make views anew from the log; readers keep seeing the old rows until the new ones are all there."""
    chosen = [view for view in VIEWS if not names or view.name in names]
    unknown = set(names or ()) - {view.name for view in chosen}
    if unknown:
        message = f"no such view: {', '.join(sorted(unknown))}; there are {', '.join(view.name for view in VIEWS)}"
        raise CommandError(message)
    settings = read_settings()
    found: list[Difference] = []
    with migrated(settings) as database:
        store = projector_store(database)
        for view, tell_progress in with_progress(chosen):
            if check:
                found += differences(database, store, view, tell_progress)
            else:
                rebuild(database, store, view, tell_progress)
    for difference in found:
        out.print(str(difference), markup=False)
    if check and not found:
        out.print("Every live view is what the log makes of it.")
    if found:
        raise typer.Exit(1)


def with_progress(views: Iterable[View]) -> Iterator[tuple[View, Callable[[int, int], None]]]:
    """Yield each of *views* with what shows how far it has come."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out) as progress:
        for view in views:
            task = progress.add_task(view.name, total=None)

            def tell_progress(done: int, of: int, task: TaskID = task) -> None:
                progress.update(task, completed=done, total=of)

            yield view, tell_progress


@program.command(name="erase")
def erase_command(
    number: Annotated[str, typer.Argument(help="The number of the case, DR-2026-000123.")],
    reason: Annotated[ErasureReason, typer.Option(help="Why.")],
    subject: Annotated[
        UUID | None, typer.Option(help="Forget this person in it only; replay --json tells who there are.")
    ] = None,
) -> None:
    """Forget a case, or somebody in it, everywhere: destroy their keys. It cannot be undone."""
    settings = read_settings()
    with migrated(settings) as database:
        with database.reading(OPERATOR) as cursor:
            case = cases.by_number(cursor, number)
        if case is None:
            message = f"there is no case {number}"
            raise CommandError(message)
        erasing = Erasing(CaseStore(database, KINDS), OPERATOR, now)
        if subject:
            erasing.person(case.stream, subject, reason)
            out.print(f"Somebody in {number} is forgotten.")
            return
        erasing.case(case.stream, reason)
        out.print(f"{number} is forgotten. Views are made anew, since they tell of body and office.")
        for view, tell_progress in with_progress(VIEWS):
            rebuild(database, projector_store(database), view, tell_progress)


@keys_program.command(name="new")
def keys_new_command() -> None:
    """Make the file WEERBAAR_KEYS_FILE with a first key-encryption key."""
    path = read_settings().keys_file
    if path is None:
        message = "missing setting: WEERBAAR_KEYS_FILE"
        raise CommandError(message)
    new_file(path)


@keys_program.command(name="rotate")
def keys_rotate_command() -> None:
    """Keep all keys under a new key-encryption key and forget the old one: old back-ups open nothing any more."""
    settings = read_settings()
    columns = (TextColumn("keys"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with migrated(settings) as database, Progress(*columns, console=out) as progress:
        task = progress.add_task("keys", total=None)
        vault = CaseStore(database, KINDS).vault
        epoch = vault.rotate(lambda done, of: progress.update(task, completed=done, total=of))
    out.print(f"All keys are kept under the key of epoch {epoch}.")


@program.command(name="views")
def views_command(
    *,
    drop_unused: Annotated[
        bool, typer.Option("--drop-unused", help="Drop what no release uses any more and nobody is at work on.")
    ] = False,
) -> None:
    """Show what is left of views of former releases; exit status 1 if any of it was to be dropped and could not."""
    settings = read_settings()
    with migrated(settings) as database:
        found = former(database, VIEWS)
        dropped = drop(database, VIEWS, found) if drop_unused else []
    for one in found:
        verdict = "dropped" if one in dropped else f"kept: {one.kept or 'drop it with --drop-unused'}"
        out.print(f"{one.view}, version {one.version}: {verdict}", markup=False)
    if not found:
        out.print("Nothing is left of former releases.")
    if drop_unused and len(dropped) < len(found):
        raise typer.Exit(1)


@program.command(name="status")
def status_command() -> None:
    """Show how far the views and the log have come; exit status 1 if one has stopped, or no projector is at work."""
    settings = read_settings()
    # The processes that serve have no business with the log, and do not know where it is.
    place = place_of(settings) if settings.tlog_dir or settings.mode is Mode.DEMO else None
    with migrated(settings) as database:
        views = status(database)
        kept = state_of(database, place) if place else None
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("view", "version", "position", "head", "behind", "for", "last activity", "stopped because"):
        table.add_column(column, header_style="bold", no_wrap=True)
    for view in views:
        last = f"{view.last_activity:%Y-%m-%d %H:%M:%S}Z"
        waiting = f"{view.behind.total_seconds():.0f} s" if view.lag else ""
        cells = (view.name, view.version, view.position, view.head, view.lag, waiting, last, view.reason or "")
        table.add_row(*map(str, cells))
    out.print(table)
    if kept:
        late = f", not covered for {kept.waiting.total_seconds():.0f} s" if kept.size < kept.head else ""
        out.print(f"\ntransparency log: {kept.size:,} of {kept.head:,} events in {kept.origin}{late}", markup=False)
    mine = {(view.name, view.version) for view in VIEWS}
    views = [view for view in views if (view.name, view.version) in mine]
    if not any(view.running for view in views):
        message = "no projector of this release is at work: start weerbaar project"
        raise CommandError(message)
    if any(view.stopped_at for view in views) or (kept and kept.late):
        raise typer.Exit(1)


@log_program.command(name="begin")
def log_begin_command(
    origin: Annotated[str, typer.Option(help="What it is called: an address without https://, example.org/weerbaar.")],
) -> None:
    """Begin the transparency log with a key of its own, and print the line by which others know it."""
    key = begin(signing_place_of(read_settings()), origin)
    sys.stdout.write(f"log {key.verifier}\n")


@log_program.command(name="rotate")
def log_rotate_command() -> None:
    """Make another key, which signs beside those there are, and print the line by which others know it."""
    key = rotate(signing_place_of(read_settings()))
    sys.stdout.write(f"log {key.verifier}\n")


@log_program.command(name="restart")
def log_restart_command(
    reason: Annotated[str, typer.Option(help="Why, in a line that everybody may read.")],
) -> None:
    """Begin another log after a restore that lost events; it names the last checkpoint of the one before."""
    settings = read_settings()
    with migrated(settings, sealed=True) as database:
        done = restart(database, signing_place_of(settings), reason, int(now().timestamp()))
    out.print(f"Of the former log {done.kept:,} events are still there and {done.lost:,} are lost.", markup=False)
    sys.stdout.write(f"log {done.key.verifier}\n")


@program.command(name="verify")
def verify_command(
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Look at every event, not only at those since the last time.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
    trusted: Annotated[
        Path | None, typer.Option(help="File with the checkpoint verified last; by default beside the log.")
    ] = None,
) -> None:
    """Prove that the events in the database are those of the transparency log; exit status 1 if they are not."""
    settings = read_settings()
    place = place_of(settings)
    topics = FactMapper(KINDS).topics
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    err = Console(stderr=True)
    with migrated(settings, sealed=True) as database:
        current_log(place.folder)  # where there is none, that is what to say
        policy = place.policy()
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
            task = progress.add_task("events", total=None)
            verification = Verification(
                database=database,
                folder=place.folder,
                policy=policy,
                topics=topics,
                trusted_file=trusted or place.folder / VERIFIED,
                full=full,
                on_progress=lambda done, of: progress.update(task, completed=done, total=of),
            )
            found = verification.run()
    if as_json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
    else:
        tell_verification(found)
    if found.fault_count:
        raise typer.Exit(1)


@program.command(name="prove")
def prove_command(
    number: Annotated[str, typer.Argument(help="The case number, for instance DR-2026-000123.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write: a zip file.")],
    role: Annotated[
        Role | None, typer.Option(help="With the facts that somebody in this role may see; by default all.")
    ] = None,
    organisation: Annotated[str | None, typer.Option(help="Of this organisation, for instance gm0363.")] = None,
    sealed: Annotated[bool, typer.Option("--sealed", help="Open nothing that is sealed in them.")] = False,
) -> None:
    """Write a bundle with the facts of a case that proves them to somebody outside."""
    if (role is None) != (organisation is None):
        message = "give --role and --organisation, or neither"
        raise CommandError(message)
    settings = read_settings()
    reader = OPERATOR
    if role is not None and organisation is not None:
        reader = Actor(person=PersonId("receiver"), organisation=OrganisationId(organisation), role=role)
    with migrated(settings) as database:
        made = prove(database, CaseStore(database, KINDS), place_of(settings), number, reader, disclose=not sealed)
    try:
        write_durably(output, made)
    except OSError as error:
        message = f"{output} cannot be written ({type(error).__name__})"
        raise CommandError(message) from None
    out.print(f"Wrote {output}: weerbaar check-bundle checks it without database or network.", markup=False)


@program.command(name="check-bundle")
def check_bundle_command(
    file: Annotated[Path, typer.Argument(help="The bundle.")],
    policy: Annotated[
        Path | None, typer.Option(help="Whose signatures you trust; by default those that the bundle itself names.")
    ] = None,
) -> None:
    """Check a bundle without database or network, and tell the history that it proves."""
    read_settings()  # which are not needed; but a mistake in them is never passed over
    try:
        content = file.read_bytes()
    except OSError as error:
        message = f"{file} cannot be read ({type(error).__name__})"
        raise CommandError(message) from None
    checked = check_bundle(content, KINDS, read_policy(policy) if policy else None)
    checkpoint = checked.trusted.checkpoint
    out.print(f"{checked.number}: {len(checked.history)} facts, each in the log {checkpoint.origin}", markup=False)
    by = f"the policy {policy}" if policy else "the policy in the bundle"
    out.print(f"of {checkpoint.size:,} events, whose checkpoint has the signatures that {by} asks for.", markup=False)
    for witness, time_seen in checked.trusted.witnessed.items():
        out.print(
            f"Cosigned by {witness} at {datetime.fromtimestamp(time_seen, UTC):%Y-%m-%d %H:%M:%S}Z.", markup=False
        )
    if not policy:
        out.print("Whether to trust that policy the bundle cannot tell: ask somebody you trust for one (--policy).")
    if checked.missing:
        out.print(f"Not in the bundle: {', '.join(map(str, checked.missing))}.")
    out.print()
    for told in checked.history:
        out.print(f"{told.version:>4}  {told.at:%Y-%m-%d %H:%M:%S}Z  {told.words}", markup=False)
        out.print(f"{'':28}by {told.by or 'somebody who is not disclosed'}", markup=False)
    out.print("\nState:")
    out.print(json.dumps(_said(checked.state), indent=2, ensure_ascii=False), markup=False)


@program.command(name="witness")
def witness_command(
    folder: Annotated[Path, typer.Argument(help="Where its key is, the logs that it knows, and what it saw of them.")],
    begin_as: Annotated[
        str | None, typer.Option("--begin", help="Make it first, under this name: witness.example.org.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address that it listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port that it listens on.")] = 8090,
) -> None:
    """Watch logs for others: cosign a checkpoint if it is consistent with the last one that was seen."""
    settings = read_settings()
    if begin_as is not None:
        key = begin_witness(folder, begin_as)
        sys.stdout.write(f"witness NAME {key.verifier} URL\n")
        return
    state = open_witness(folder, time.time)
    if not state.logs():
        message = f"{folder / LOGS} names no log whose checkpoints could be cosigned"
        raise CommandError(message)
    with only_one(folder / "lock") as alone:
        if not alone:
            message = f"another witness is at work in {folder}"
            raise CommandError(message)
        set_up_logging(settings)
        uvicorn.run(create_witness(state), host=host, port=port, log_config=None, access_log=False, server_header=False)


def tell_verification(found: Report) -> None:
    """Print what a verification has found."""
    for fault in found.faults:
        out.print(str(fault), markup=False)
    if found.fault_count > len(found.faults):
        out.print(f"… and {found.fault_count - len(found.faults):,} more.")
    if found.fault_count:
        out.print(f"\nThe database is not what {found.origin} says of {found.size:,} events.", markup=False)
    else:
        since = f", of which {found.began_after:,} were verified before" if found.began_after else ""
        out.print(f"All {found.size:,} events of {found.origin} are as they were recorded{since}.", markup=False)
    for witness, at in found.witnessed.items():
        out.print(f"Cosigned by {witness} at {at:%Y-%m-%d %H:%M:%S}Z.", markup=False)
    for told in found.restarts:
        out.print(f"A former log ended: {told}", markup=False)
    if found.not_covered_since:
        out.print(
            f"Not covered yet: {found.not_covered:,}, the first since {found.not_covered_since:%Y-%m-%d %H:%M:%S}Z."
        )


@program.command()
def token(
    role: Annotated[str, typer.Option("--as", help=f"Whose: {', '.join(CAST)}.")],
    organisation: Annotated[str | None, typer.Option(help="Of this organisation instead, for instance gm0363.")] = None,
    person: Annotated[str | None, typer.Option(help="As this person instead.")] = None,
) -> None:
    """Print an access token of the demo's issuer, valid for eight hours."""
    settings = read_settings()
    if settings.mode is Mode.PRODUCTION:
        message = "there are no demo tokens in production mode"
        raise CommandError(message)
    if role not in CAST:
        message = f"nobody plays {role}; there are {', '.join(CAST)}"
        raise CommandError(message)
    changes = {"organisation": organisation, "person": person}
    actor = CAST[role].model_copy(update={name: value for name, value in changes.items() if value})
    issuer, at = demo_issuer(settings), now()
    made = issuer.token(actor, at)
    try:
        issuer.verifier.caller(made, at)
    except NotAuthenticated:
        message = "no token can name this organisation or person: use letters, digits and dashes"
        raise CommandError(message) from None
    sys.stdout.write(made + "\n")


@program.command()
def api_description() -> None:
    """Print the API's description (OpenAPI)."""
    settings = read_settings()
    with Database("", settings.role_prefix) as database:
        description = create_api(Service(settings, database)).openapi()
    sys.stdout.write(json.dumps(description, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
