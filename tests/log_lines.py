"""How does a test read what the service logs, as those who operate it would?"""

import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import structlog

from infra.log import set_up_logging
from infra.settings import Settings

CLIENT = ("httpx2", "httpcore2.connection", "httpcore2.http11")
"""The loggers of the client that asks the service, in the tests within the same process."""
CHANGED = ("uvicorn", "uvicorn.error", "uvicorn.access", "eventsourcing", *CLIENT)
"""The loggers that change, besides the root."""


@dataclass(frozen=True)
class Log:
    """What has been logged."""

    stream: StringIO = field(default_factory=StringIO)

    @property
    def text(self) -> str:
        """Return it as it was written."""
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Return its lines, each of which must be JSON."""
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def logged(settings: Settings) -> Iterator[Log]:
    """Log as the service does, into memory, for as long as this lasts."""
    root, loggers = logging.getLogger(), [logging.getLogger(name) for name in CHANGED]
    before = [(logger, logger.handlers, logger.level, logger.propagate, logger.disabled) for logger in (root, *loggers)]
    hooks = (sys.excepthook, threading.excepthook, warnings.showwarning)
    configuration = structlog.get_config()
    log = Log()
    with redirect_stderr(log.stream):
        set_up_logging(settings)
    # Loggers that remember this set-up would keep it for all tests that follow.
    structlog.configure(cache_logger_on_first_use=False)
    for name in CLIENT:
        logging.getLogger(name).disabled = True
    try:
        yield log
    finally:
        structlog.configure(**configuration)
        sys.excepthook, threading.excepthook, warnings.showwarning = hooks
        for logger, handlers, level, propagate, disabled in before:
            logger.handlers, logger.propagate, logger.disabled = handlers, propagate, disabled
            logger.setLevel(level)
