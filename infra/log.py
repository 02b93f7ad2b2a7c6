"""What does a log line say, and what can it never say?

A line carries names, counts and identifiers. Of an exception it carries the class and the frames, never the message: a
message may quote what somebody typed, and that may be a person's name or address. The same goes for warnings, and for
exceptions that nobody handles.
"""

import logging
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from infra.settings import LogFormat, Settings

log = structlog.get_logger()


def frames(error: BaseException) -> list[str]:
    """Return where *error* was raised, innermost last, without any value."""
    return [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]


def without_messages(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace exception information by class and frames, and any other exception by its class."""
    info = event.pop("exc_info", None)
    for name, value in event.items():
        event[name] = _only_class(value)
    if not info:
        return event
    error = info if isinstance(info, BaseException) else (sys.exc_info() if info is True else info)[1]
    if error is not None:
        event["exception"] = type(error).__qualname__
        event["frames"] = frames(error)
    return event


def without_messages_in_arguments(record: logging.LogRecord) -> bool:
    """Replace exceptions by their class in what a library is about to put into its own words; let the line pass."""
    if isinstance(record.args, tuple):
        record.args = tuple(map(_only_class, record.args))
    elif record.args:
        record.args = {name: _only_class(value) for name, value in record.args.items()}
    return True


def _only_class(value: object) -> object:
    return type(value).__qualname__ if isinstance(value, BaseException) else value


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
    handler.addFilter(without_messages_in_arguments)
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
    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed
    warnings.showwarning = _warned


def logs_crashes() -> bool:
    """Tell whether an exception that nobody handles becomes a log line."""
    return sys.excepthook is _crashed


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, Exception):
        log.critical("crashed", exc_info=error.with_traceback(trace))
    else:  # Ctrl-C
        sys.__excepthook__(kind, error, trace)


def _thread_crashed(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None and crash.exc_type is not SystemExit:
        log.critical("thread_crashed", exc_info=crash.exc_value)


def _warned(  # noqa: PLR0913, PLR0917 - the signature is Python's
    message: Warning | str,  # noqa: ARG001
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    log.warning("warning", category=category.__qualname__, place=f"{filename}:{lineno}")
