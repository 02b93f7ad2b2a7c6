"""A way to the database that breaks: between a program and the server, it cuts connections when it likes."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

Cut = Callable[[bool, bytes], bool]
"""Whether to cut a connection in the place of handing on what came: from the server (true) or to it, and what."""


@contextmanager
def relay(url: str, cut: Cut) -> Iterator[str]:
    """Yield a URL of the same database by way of the relay."""
    target = conninfo_to_dict(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ends: list[socket.socket] = []
        lock = Lock()

        def hand_on(source: socket.socket, sink: socket.socket, *, answers: bool) -> None:
            with suppress(OSError):
                while data := source.recv(65536):
                    with lock:
                        if cut(answers, data):
                            break
                    sink.sendall(data)
            for end in (source, sink):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    server = _connected(target)
                    ends.extend((client, server))
                    Thread(target=hand_on, args=(client, server), kwargs={"answers": False}, daemon=True).start()
                    Thread(target=hand_on, args=(server, client), kwargs={"answers": True}, daemon=True).start()

        Thread(target=accept, daemon=True).start()
        parts = urlsplit(url)
        login = str(target["user"]) + (f":{target['password']}" if "password" in target else "")
        host, port = listening.getsockname()
        # Without encryption, so that the relay can see which way a commit goes.
        yield parts._replace(netloc=f"{login}@{host}:{port}", query="sslmode=disable&gssencmode=disable").geturl()
        listening.shutdown(socket.SHUT_RDWR)
        for end in ends:
            end.close()


def _connected(target: Mapping[str, object]) -> socket.socket:
    host, port = str(target.get("host") or "127.0.0.1"), int(str(target.get("port") or 5432))
    if host.startswith("/"):
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server
    return socket.create_connection((host, port))
