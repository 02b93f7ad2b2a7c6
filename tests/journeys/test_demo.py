"""Does ``weerbaar demo`` start everything, tell where to look, and leave nothing behind?"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from infra import embedded
from infra.embedded import running_server
from services.demo.day import steps

SECONDS = 120


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a folder for the demo, in a path with a space; what a server kept for it elsewhere is removed."""
    folder = tmp_path_factory.mktemp("data") / "a demo"
    yield folder
    embedded.forget(folder)


@pytest.fixture(scope="module")
def begun(data_dir: Path) -> tuple[str, dict[str, object]]:
    """Return what the first start of the demo there said and answered: it makes the history, which takes longest."""
    with demo(data_dir) as (_, said):
        return said, ask(said)


@contextmanager
def demo(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the demo; yield its process and what it said once everything was up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEERBAAR_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "demo", "--port", str(port)],
        env=environment | {"WEERBAAR_DATA_DIR": str(data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = ""
        while "A token for another role" not in said:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, said
            said += line
        yield process, said
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)


def ask(said: str) -> dict[str, object]:
    """Send the ``curl`` command that the demo printed, without curl."""
    found = re.search(r"curl -H 'Authorization: (Bearer \S+)' (\S+)", said)
    assert found
    request = Request(found[2], headers={"Authorization": found[1]})  # noqa: S310 - our own address
    with urlopen(request, timeout=SECONDS) as response:  # noqa: S310
        answer: dict[str, object] = json.load(response)
    return answer


def test_the_demo_plays_a_day_and_keeps_it(data_dir: Path, begun: tuple[str, dict[str, object]]) -> None:
    """The first start makes the history; the second one finds it, and does not make it twice."""
    said, first = begun
    with demo(data_dir) as (_, again):
        second = ask(again)

    assert "Made up a history" in said
    assert f"{len(steps())} commands" in said
    assert "Made up" not in again
    assert "commands" not in again
    assert first == second
    assert first["items"]


@pytest.mark.usefixtures("begun")
def test_ctrl_c_leaves_nothing_behind(data_dir: Path) -> None:
    """Neither a server, nor the API, nor the projector; and the exit status says that it was meant."""
    with demo(data_dir) as (process, said):
        address = re.search(r"http://127\.0\.0\.1:(\d+)/v1", said)
        assert address
        assert running_server(data_dir)

    assert process.returncode == 0
    assert running_server(data_dir) is None
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(address[1]))) != 0


def test_a_taken_port_is_said_in_one_line(data_dir: Path) -> None:
    """Before anything is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = subprocess.run(
            [sys.executable, "-m", "services.cli", "demo", "--port", str(port)],
            env=os.environ | {"WEERBAAR_DATA_DIR": str(data_dir)},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    assert process.returncode == 1
    assert process.stderr == f"weerbaar: port {port} is taken; choose another one with PORT=8001\n"


def test_the_day_touches_all_kinds_and_shows_refusals() -> None:
    """Thirty commands or more, over all kinds, and some that the rules forbid."""
    collections = {step.post.partition("/")[0] for step in steps()}

    assert len(steps()) >= 30
    assert collections == {"organisations", "threat-cases", "security-advices", "integrity-inquiries", "consultations"}
    assert sum(1 for step in steps() if step.refused) >= 3
