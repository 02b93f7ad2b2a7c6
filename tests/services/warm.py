"""Runs the program as often as it is asked to, each time in a process of its own, without loading Python anew.

``python -m tests.services.warm`` reads one JSON object per line (``arguments``, ``environment``) and answers each with
``status``, ``out`` and ``err``.
"""

import json
import os
import sys
import traceback
from tempfile import TemporaryFile
from typing import NoReturn

from services.cli import main


def child(out: int, err: int, arguments: list[str], environment: dict[str, str]) -> NoReturn:
    """Be the program, as Python's interpreter would run it."""
    os.dup2(out, sys.stdout.fileno())
    os.dup2(err, sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["weerbaar", *arguments]
    status = 1
    try:
        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - what the interpreter does last
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run(arguments: list[str], environment: dict[str, str]) -> dict[str, object]:
    """Run the program once; return how it ended and what it said."""
    with TemporaryFile("w+", encoding="utf-8") as out, TemporaryFile("w+", encoding="utf-8") as err:
        process = os.fork()
        if process == 0:
            child(out.fileno(), err.fileno(), arguments, environment)
        _, status = os.waitpid(process, 0)
        out.seek(0)
        err.seek(0)
        return {"status": os.waitstatus_to_exitcode(status), "out": out.read(), "err": err.read()}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)  # noqa: T201
