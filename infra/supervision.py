"""How do we make sure that no child process outlives us, even after `kill -9`?

`Supervisor` starts children and stops them in reverse order. Beside it runs a watchdog: this same
file as a script of its own, which reads a pipe that only the supervisor can write to. When the
supervisor is gone, however it went, the pipe ends and the watchdog stops what is left.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import FrameType, TracebackType

POLITE = (signal.SIGTERM, signal.SIGKILL)
WATCHDOG_SECONDS = 8.0
STOP_SECONDS = 20.0

# The child waits for this word, so that nothing runs that the watchdog has not heard of yet.
_HOLD = 'read -r word && exec "$@" </dev/null'


@dataclass
class Child:
    """A process we started; `returncode` is None until it was seen to have ended."""

    name: str
    pid: int
    born: str
    signals: tuple[int, ...] = POLITE
    returncode: int | None = None


def born(pid: int) -> str | None:
    """Return what tells this process from a later one with the same number; None when it ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            # The name of the program stands between brackets and may itself hold a bracket.
            fields = file.read().rpartition(")")[2].split()
    except ProcessLookupError:
        return None
    except FileNotFoundError:
        return None if sys.platform == "linux" else _born_by_ps(pid)
    return None if fields[0] in "ZX" else fields[19]


def _born_by_ps(pid: int) -> str | None:
    shown = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C"},
    ).stdout.split(maxsplit=1)
    return None if len(shown) < 2 or shown[0].startswith("Z") else shown[1].strip()  # noqa: PLR2004


def alive(child: Child) -> bool:
    """Say whether this very process still runs."""
    return born(child.pid) == child.born


def stop(child: Child, seconds: float) -> None:
    """Send the child its signals from polite to final; return when it ended or time is up."""
    end = time.monotonic() + seconds
    for left, number in zip(range(len(child.signals), 0, -1), child.signals, strict=True):
        if not alive(child):
            return
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL and os.getpgid(child.pid) == child.pid:
                os.killpg(child.pid, number)
            else:
                os.kill(child.pid, number)
        patience = time.monotonic() + max((end - time.monotonic()) / left, 0.5)
        while alive(child) and time.monotonic() < patience:
            time.sleep(0.01)


class Supervisor:
    """Start children that stop when this context ends, or within ten seconds when we are killed.

    In the main thread SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt inside the context and
    are ignored while it is being left, so that an impatient second Ctrl-C orphans nobody.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._children: list[Child] = []
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._stack = ExitStack()
        self._watchdog: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the watchdog, before there is anything to watch."""
        # A session of its own: Ctrl-C in the terminal reaches the supervisor only.
        self._watchdog = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", __file__, "weerbaar-watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        self._stack.callback(self._dismiss)
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                before = signal.getsignal(number)
                # nohup and friends: who asked not to hear a hang-up does not hear it from us.
                if number == signal.SIGHUP and before == signal.SIG_IGN:
                    continue
                self._stack.callback(signal.signal, number, before)
                signal.signal(number, _interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop all children in reverse order, wait for each, then undo the rest."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
        self._stack.close()

    def start(  # noqa: PLR0913
        self,
        command: Sequence[str | Path],
        *,
        name: str = "",
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        output: int | None = None,
        user: tuple[int, int] | None = None,
        signals: tuple[int, ...] = POLITE,
    ) -> Child:
        """Start a child in a session of its own, with empty input.

        `output` is a file descriptor for what it prints (default: where ours goes), `user` a uid
        and gid to run as (needs root), `signals` what stops it, from polite to final.
        """
        arguments = [os.fspath(part) for part in command]
        process = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", _HOLD, "sh", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=env,
            cwd=cwd,
            start_new_session=True,
            user=user and user[0],
            group=user and user[1],
            extra_groups=user and [],
        )
        child = Child(name or os.path.basename(arguments[0]), process.pid, "", signals)  # noqa: PTH119
        child.born = born(process.pid) or ""
        self._tell(start={"pid": child.pid, "born": child.born, "signals": [*signals]})
        self._children.append(child)
        self._processes[child.pid] = process
        self._stack.callback(self.stop, child)
        assert process.stdin is not None  # noqa: S101
        with suppress(BrokenPipeError), process.stdin as held:
            held.write(b"go\n")
        return child

    def run(self, command: Sequence[str | Path], **how: Any) -> int:  # noqa: ANN401
        """Start a child as `start` does, wait until it ended and return its exit code."""
        child = self.start(command, **how)
        while alive(child):
            time.sleep(0.01)
        return self._reap(child)

    def wait(self) -> Child | None:
        """Return the first child that ended, or None when we were asked to stop by a signal."""
        try:
            while True:
                for child in self._children:
                    if not alive(child):
                        self._reap(child)
                        return child
                time.sleep(0.1)
        except KeyboardInterrupt:
            return None

    def stop(self, child: Child) -> None:
        """Stop one child before the others; one that has ended already is no error."""
        if child.returncode is None:
            stop(child, STOP_SECONDS)
            self._reap(child)

    def on_exit(self, undo: Callable[[], object], *, remove: Path | None = None) -> None:
        """Call `undo` when the context ends; a killed supervisor's watchdog removes the folder."""
        if remove is not None:
            self._tell(remove=os.fspath(remove))
        self._stack.callback(undo)

    def _reap(self, child: Child) -> int:
        process = self._processes.pop(child.pid)
        # Not reaped yet, so the number is still this child's, and so is the group it leads:
        # whatever it started and left behind goes with it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.returncode = process.wait()
        self._children.remove(child)
        with suppress(BrokenPipeError):
            self._tell(ended=child.pid)
        return child.returncode

    def _tell(self, **message: object) -> None:
        assert self._watchdog is not None  # noqa: S101
        assert self._watchdog.stdin is not None  # noqa: S101
        self._watchdog.stdin.write(json.dumps(message).encode() + b"\n")
        self._watchdog.stdin.flush()

    def _dismiss(self) -> None:
        assert self._watchdog is not None  # noqa: S101
        assert self._watchdog.stdin is not None  # noqa: S101
        with suppress(BrokenPipeError):
            self._watchdog.stdin.close()
        self._watchdog.wait()


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def watch() -> None:
    """Remember what the supervisor tells; when it falls silent for good, stop what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    children: dict[int, Child] = {}
    folders: list[str] = []
    for line in sys.stdin.buffer:
        try:
            message = json.loads(line)
        except ValueError:
            break  # Cut off in the middle of a word.
        match message:
            case {"start": {"pid": pid, "born": since, "signals": signals}}:
                children[pid] = Child("", pid, since, tuple(signals))
            case {"ended": pid}:
                children.pop(pid, None)
            case {"remove": folder}:
                folders.append(folder)
    end = time.monotonic() + WATCHDOG_SECONDS
    while children:
        _, child = children.popitem()
        stop(child, (end - time.monotonic()) / (len(children) + 1))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    watch()
