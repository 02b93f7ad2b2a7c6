"""Does a log line say where things went wrong, and never what somebody typed?"""

import logging
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
import structlog
import uvicorn
from psycopg_pool import ConnectionPool, PoolTimeout
from starlette.types import Receive, Scope, Send

from infra.settings import LogFormat, read_settings
from tests.log_lines import Log, logged

TYPED = "Sanne Verbruggen"
"""What somebody typed; a made-up person."""


@pytest.fixture
def log() -> Iterator[Log]:
    """Yield what is logged, however little it matters."""
    with logged(read_settings(log_level="debug")) as log:
        yield log


def fail() -> None:
    """Fail on what was typed."""
    message = f"cannot handle {TYPED}"
    try:
        int(message)
    except ValueError as error:
        raise KeyError(message) from error


def failure() -> KeyError:
    """Return an exception that has been raised."""
    try:
        fail()
    except KeyError as error:
        return error
    raise AssertionError


def test_a_line_is_json_with_its_time_level_and_logger(log: Log) -> None:
    """One line per event, with what was given."""
    structlog.get_logger("services.somewhere").info("request", route="/worklist", status=200)

    (line,) = log.lines
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "services.somewhere",
        "route": "/worklist",
        "status": 200,
    }


def test_a_line_break_does_not_make_a_line(log: Log) -> None:
    """Nobody can forge one."""
    structlog.get_logger().info("one\n{}", name="two\r\n\u2028three")
    logging.getLogger("library").info("one\n{}")

    assert len(log.lines) == 2


def test_every_line_of_a_request_names_it(log: Log) -> None:
    """Of libraries too."""
    with structlog.contextvars.bound_contextvars(request="r-1"):
        structlog.get_logger().info("ours")
        logging.getLogger("library").info("theirs")
    structlog.get_logger().info("after")

    assert [line.get("request") for line in log.lines] == ["r-1", "r-1", None]


def _ours(error: Exception) -> None:
    structlog.get_logger().error("failed", exc_info=error)


def _ours_as_it_happens(error: Exception) -> None:
    try:
        raise error
    except KeyError:
        structlog.get_logger().exception("failed")


def _theirs(error: Exception) -> None:
    logging.getLogger("library").error("failed", exc_info=error)


def _theirs_as_it_happens(error: Exception) -> None:
    try:
        raise error
    except KeyError:
        logging.getLogger("library").exception("failed")


def _theirs_formatted_before(error: Exception) -> None:
    record = logging.getLogger("library").makeRecord("library", 40, __file__, 1, "failed", (), (KeyError, error, None))
    record.exc_text = f"Traceback: {TYPED}"
    logging.getLogger("library").handle(record)


def _in_main(error: Exception) -> None:
    sys.excepthook(KeyError, error, error.__traceback__)


def _in_a_thread(_: Exception) -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


@pytest.mark.parametrize("form", list(LogFormat))
@pytest.mark.parametrize(
    "report",
    [
        _ours,
        _ours_as_it_happens,
        _theirs,
        _theirs_as_it_happens,
        _theirs_formatted_before,
        _in_main,
        _in_a_thread,
    ],
)
def test_of_an_exception_only_class_and_frames_are_logged(form: LogFormat, report: Callable[[Exception], None]) -> None:
    """Whoever logs it and however: no message, no value, and nothing of what caused it."""
    with logged(read_settings(log_format=form)) as log:
        report(failure())

    assert "KeyError" in log.text
    assert "test_log.py" in log.text
    assert " fail" in log.text
    assert TYPED not in log.text
    assert "cannot handle" not in log.text


def test_an_exception_that_is_given_as_a_value_is_its_class(log: Log) -> None:
    """Libraries like to write it into their sentences."""
    structlog.get_logger().warning("lost", error=failure())
    logging.getLogger("library").warning("lost %s after %d: %r", "it", 3, failure())
    logging.getLogger("library").warning("lost it: %(error)s", {"error": failure()})

    assert [line["event"] for line in log.lines] == ["lost", "lost it after 3: 'KeyError'", "lost it: KeyError"]
    assert log.lines[0]["error"] == "KeyError"


def test_of_a_warning_only_class_and_place_are_logged(log: Log) -> None:
    """Some libraries warn about values, and quote them."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"strange value: {TYPED}", UserWarning, stacklevel=1)

    (line,) = log.lines
    assert line["category"] == "UserWarning"
    assert Path(__file__).name in line["place"]
    assert TYPED not in log.text


def test_ctrl_c_is_no_crash(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    """Python itself deals with it."""
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

    assert log.text == ""
    assert "KeyboardInterrupt" in capsys.readouterr().err


def test_the_pool_says_that_it_cannot_connect_but_not_why(log: Log) -> None:
    """What the server answers may hold names of its own."""
    with (
        ConnectionPool[psycopg.Connection[Any]]("host=127.0.0.1 port=1 dbname=verbruggen", open=True) as pool,
        pytest.raises(PoolTimeout),
    ):
        pool.wait(timeout=0.5)

    messages = [line["event"] for line in log.lines if line["logger"] == "psycopg.pool" and line["level"] == "warning"]
    assert any(message.startswith("error connecting in ") for message in messages)
    assert all("Connection refused" not in message for message in messages)


async def _failing(scope: Scope, _: Receive, __: Send) -> None:
    message = f"cannot handle {TYPED}, {scope['path']}"
    raise RuntimeError(message)


def test_the_web_server_logs_through_the_same_door(log: Log) -> None:
    """As JSON, without addresses, and of a failure without its message."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(_failing, log_config=None, access_log=False, lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            answer = httpx2.get(f"http://127.0.0.1:{port}/threat-cases?name={TYPED}")
        finally:
            server.should_exit = True
            thread.join()

    assert answer.status_code == 500
    failed = [line for line in log.lines if line["level"] == "error"]
    assert [line["exception"] for line in failed] == ["RuntimeError"]
    assert failed[0]["logger"] == "uvicorn.error"
    assert "_failing" in failed[0]["frames"][-1]
    assert "threat-cases" not in log.text
    assert "Verbruggen" not in log.text


def test_the_access_log_of_the_web_server_is_off(log: Log) -> None:
    """It has whole addresses; ours has routes."""
    logging.getLogger("uvicorn.access").info('%s - "%s %s"', "127.0.0.1", "GET", f"/cases?name={TYPED}")

    assert log.text == ""


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_what_matters_less_than_the_level_is_not_logged(level: str) -> None:
    """Ours and theirs alike."""
    levels = ["debug", "info", "warning", "error"]
    with logged(read_settings(log_level=level)) as log:
        for each in levels:
            structlog.get_logger().log(logging.getLevelName(each.upper()), "ours")
            logging.getLogger("library").log(logging.getLevelName(each.upper()), "theirs")

    expected = levels[levels.index(level) :]
    assert [line["level"] for line in log.lines] == [each for each in expected for _ in range(2)]
