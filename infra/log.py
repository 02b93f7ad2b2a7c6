"""What does a log line say, and what can it never say?

A line carries names, counts and identifiers. Of an exception it carries the class and the frames, never the message: a
message may quote what somebody typed, and that may be a person's name or address.
"""

import logging
import sys
import traceback
from types import TracebackType

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from infra.settings import LogFormat, Settings

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def frames(error: BaseException) -> list[str]:
    """Return where *error* was raised, innermost last, without any value."""
    return [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]


def without_messages(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace exception information by class and frames."""
    info = event.pop("exc_info", None)
    if not info:
        return event
    error = info if isinstance(info, BaseException) else (sys.exc_info() if info is True else info)[1]
    if error is not None:
        event["exception"] = type(error).__qualname__
        event["frames"] = frames(error)
    return event


def set_up_logging(settings: Settings) -> None:
    """Send every line, the libraries' too, through structlog to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_messages,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if settings.log_format is LogFormat.CONSOLE
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # it logs whole addresses; the edge logs routes
    logging.getLogger("eventsourcing").setLevel("WARNING")
