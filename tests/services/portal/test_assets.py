"""Do browsers get the files of the pages, small, and only those?"""

import gzip
import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from services.portal.assets import FOR_EVER, MANIFEST, Assets, FrontEndMissing, routes
from services.web.problems import install

STYLE = b".wb-page { color: black }"


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """Return a client of a front end of three files, one of which is compressed beforehand."""
    names = {"weerbaar.css": "weerbaar.ABC.css", "weerbaar.js": "weerbaar.DEF.js", "letters.woff2": "letters.GHI.woff2"}
    (tmp_path / MANIFEST).write_text(json.dumps(names), "utf-8")
    for name in names.values():
        (tmp_path / name).write_bytes(STYLE)
    (tmp_path / "weerbaar.ABC.css.gz").write_bytes(gzip.compress(STYLE))
    (tmp_path / "secret.css").write_bytes(b"secret")
    app = FastAPI()
    app.include_router(routes(Assets(tmp_path)))
    install(app)
    return TestClient(app)


def test_a_file_is_kept_for_ever_under_its_name(client: TestClient) -> None:
    """The name changes with what is in it."""
    style = client.get("/static/weerbaar.ABC.css")

    assert style.headers["cache-control"] == FOR_EVER
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert style.content == STYLE


@pytest.mark.parametrize(
    ("name", "accepted", "encoding"),
    [
        ("weerbaar.ABC.css", "gzip, br", "gzip"),
        ("weerbaar.ABC.css", "identity", None),
        ("weerbaar.DEF.js", "gzip, br", None),
        ("letters.GHI.woff2", "br", None),
    ],
)
def test_a_file_comes_compressed_where_that_was_done_and_is_understood(
    client: TestClient, name: str, accepted: str, encoding: str | None
) -> None:
    """Caches are told that it depends."""
    found = client.get(f"/static/{name}", headers={"Accept-Encoding": accepted})

    assert found.headers.get("content-encoding") == encoding
    assert found.headers["vary"] == "Accept-Encoding"
    assert found.content == STYLE


@pytest.mark.parametrize("name", ["secret.css", MANIFEST, "weerbaar.css", "..%2Fassets.py"])
def test_only_files_of_the_manifest_are_served(client: TestClient, name: str) -> None:
    """Whatever else stands in the folder, or beside it."""
    assert client.get(f"/static/{name}").status_code == 404


def test_a_front_end_that_was_not_built_is_said_in_one_line(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(FrontEndMissing, match=r"^the front end .* run make front-end$"):
        Assets(tmp_path)
