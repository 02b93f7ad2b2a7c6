"""Which files do the pages need besides themselves: style, fonts, script?

They are made from the front-end packages by ``make front-end``; their names hold a hash of what is in them, so a
browser may keep them for ever.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, Request, Response

from services.web.problems import NotFound

STATIC = Path(__file__).with_name("static")
MANIFEST = "manifest.json"
FOR_EVER = "public, max-age=31536000, immutable"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""Compressed beforehand, the smallest first."""


class FrontEndMissing(Exception):  # noqa: N818 - a state to deal with
    """The front end has not been built; the message is one line."""


@dataclass(frozen=True)
class Assets:
    """The files, by the name that templates use."""

    folder: Path = STATIC
    names: Mapping[str, str] = field(init=False)
    """What each is called with its hash."""

    def __post_init__(self) -> None:
        """Read the manifest. Raises FrontEndMissing."""
        try:
            names = json.loads((self.folder / MANIFEST).read_bytes())
        except FileNotFoundError:
            message = "the front end of the pages has not been built: run make front-end"
            raise FrontEndMissing(message) from None
        object.__setattr__(self, "names", names)

    def url(self, name: str) -> str:
        """Return the address of the file *name*."""
        return f"/static/{self.names[name]}"


def routes(assets: Assets) -> APIRouter:
    """Return the route of the files; only those in the manifest are served."""
    router = APIRouter()
    served = frozenset(assets.names.values())

    @router.get("/static/{name}", name="asset")
    def read(request: Request, name: str) -> Response:
        """Send a file, compressed where the browser takes that."""
        if name not in served:
            raise NotFound
        headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
        accepted = request.headers.get("accept-encoding", "")
        path = assets.folder / name
        for encoding, suffix in ENCODINGS:
            compressed = path.with_name(name + suffix)
            if encoding in accepted and compressed.exists():
                path = compressed
                headers["Content-Encoding"] = encoding
                break
        return Response(path.read_bytes(), media_type=TYPES[Path(name).suffix], headers=headers)

    return router
