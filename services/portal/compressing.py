"""Which pages are sent smaller, without their size telling anybody what is in them?

How small a page becomes tells whether what is asked for in its address also stands elsewhere in it. Whoever can watch
the line and lead a browser here from a page of their own could guess a name that way, letter by letter (BREACH). So
only those pages are made smaller that somebody asks for from a page of ours, or by themselves.
"""

from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

OURS = frozenset({"same-origin", "none"})
"""What ``Sec-Fetch-Site`` says of a request that no other site has led to; a browser too old to say so gets it all."""
LEVEL = 6
"""Higher ones take longer and hardly make it smaller."""


@dataclass
class Compression:
    """The ASGI middleware around the pages."""

    app: ASGIApp
    _smaller: ASGIApp = field(init=False)

    def __post_init__(self) -> None:
        """Wrap the pages."""
        self._smaller = GZipMiddleware(self.app, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        ours = scope["type"] == "http" and Headers(scope=scope).get("sec-fetch-site") in OURS
        await (self._smaller if ours else self.app)(scope, receive, send)
