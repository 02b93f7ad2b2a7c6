"""Do those who operate the service learn whether it lives, whether it is ready and how it is doing?"""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Timer

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from prometheus_client.parser import text_string_to_metric_families

from domain.kinds import KINDS
from infra import database as connecting
from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore
from infra.identity import demo_issuer
from infra.settings import Settings, read_settings
from services.app import Service, create_app, now
from services.demo.cast import CAST
from services.projections.register import VIEWS
from services.projections.runner import Runner
from services.projections.tracking import status
from tests.conftest import Installation
from tests.keyring import KEYRING
from tests.log_lines import logged
from tests.tampering import tampering

REPORT = {"body": "gm0855", "office": "wethouder", "call_back_number": "06-00 00 01 01", "danger_now": False}
SCRAPE_SECONDS = 10.0
"""How long Prometheus waits for an answer, if nobody told it otherwise."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of the service."""
    return read_settings(data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def projected(lasting: Database) -> Database:
    """Return the database of this file, in which the views have been made."""
    project(lasting)
    return lasting


@pytest.fixture
def whole(projected: Database) -> Iterator[Database]:
    """Yield it as it should be, and leave it so."""
    yield projected
    with closing(projected.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute("delete from views.tracking where version = 99")
        connection.execute("update views.tracking set stopped_at = null, reason = null")


@contextmanager
def serving(settings: Settings, database: Database) -> Iterator[TestClient]:
    """Serve on *database*, without a projector."""
    with TestClient(create_app(Service(settings, database))) as client:
        yield client


@contextmanager
def nowhere() -> Iterator[Database]:
    """Yield a database where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with Database(f"postgresql://weerbaar@127.0.0.1:{port}/weerbaar", keyring=KEYRING) as database:
        yield database


def project(database: Database) -> None:
    """Project all there is."""
    Runner(database, CaseStore(database, KINDS, role=DatabaseRole.PROJECTOR), VIEWS).catch_up()


def stop(database: Database, view: str, version: int | None = None) -> None:
    """Let *view* have stopped; in a *version* of its own, if there is one."""
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        if version is not None:
            connection.execute("insert into views.tracking (view, version) values (%s, %s)", (view, version))
        connection.execute(
            "update views.tracking set stopped_at = now(), reason = 'DivisionByZero at x.v1, event y'"
            " where view = %s and version = coalesce(%s, version)",
            (view, version),
        )


def said(response: Response) -> str:
    """Return why the service is not ready."""
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["Retry-After"] == "5"
    problem = response.json()
    assert problem["type"] == "urn:weerbaar:problem:not-ready"
    return str(problem["detail"])


def metrics(client: TestClient) -> dict[tuple[str, ...], float]:
    """Return the metrics by name and labels, as Prometheus reads them."""
    response = client.get("/metrics")
    assert response.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


# --- live -------------------------------------------------------------------------------------------------------------


def test_a_service_without_a_database_lives(settings: Settings) -> None:
    """Starting it anew would not help."""
    with nowhere() as database, serving(settings, database) as client:
        response = client.get("/health/live")

    assert response.status_code == 200
    assert response.json() == {"status": "alive"}


def test_a_service_lives_while_all_its_threads_wait_for_the_database(settings: Settings, whole: Database) -> None:
    """Or it would be killed for its database's slowness, and all that wait with it."""
    headers = {"Authorization": f"Bearer {demo_issuer(settings).token(CAST['support-team'], now())}"}
    with (
        logged(settings),
        Database(whole.url, whole.prefix, pool_size=1, keyring=KEYRING) as narrow,
        serving(settings, narrow) as client,
        ThreadPoolExecutor(50) as pool,
    ):
        with narrow.pool(DatabaseRole.READER).connection():
            waiting = [pool.submit(client.get, "/v1/worklist", headers=headers) for _ in range(50)]
            time.sleep(0.5)  # all threads are taken by then
            began = time.monotonic()
            response = client.get("/health/live")
            seconds = time.monotonic() - began
            assert not any(request.done() for request in waiting)
        statuses = {request.result().status_code for request in waiting}

    assert response.status_code == 200
    assert seconds < 1
    assert statuses == {200}


# --- ready ------------------------------------------------------------------------------------------------------------


def test_a_service_with_all_its_views_is_ready(settings: Settings, whole: Database) -> None:
    """Whether or not there is anything in them."""
    with serving(settings, whole) as client:
        response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {"status": "ready"}


def test_a_service_is_not_ready_before_the_migration(settings: Settings, empty_url: str) -> None:
    """It says so at once, also where not even the roles exist."""
    with Database(empty_url, "nobody_has_it", keyring=KEYRING) as database, serving(settings, database) as client:
        began = time.monotonic()
        detail = said(client.get("/health/ready"))

    assert detail == "The database is not migrated to this release."
    assert time.monotonic() - began < 1


def test_a_service_is_not_ready_on_a_database_of_another_release(settings: Settings, database: Database) -> None:
    """One migration is missing."""
    with tampering(database) as connection:
        connection.execute("delete from store.migrations where name = (select max(name) from store.migrations)")
    with serving(settings, database) as client:
        assert said(client.get("/health/ready")) == "The database is not migrated to this release."


def test_a_service_is_not_ready_without_the_views_of_its_release(settings: Settings, database: Database) -> None:
    """The projector of a new release is started before its application."""
    with serving(settings, database) as client:
        before = said(client.get("/health/ready"))
        project(database)
        with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
            connection.execute("update views.tracking set version = 99 where view = 'worklist'")
        after = said(client.get("/health/ready"))

    assert before == (
        "The projector of this release has not built these views: " + ", ".join(view.name for view in VIEWS) + "."
    )
    assert after == "The projector of this release has not built these views: worklist."


def test_a_service_is_not_ready_when_a_view_has_stopped(settings: Settings, whole: Database) -> None:
    """It would show old rows as if they were new."""
    stop(whole, "worklist")
    with serving(settings, whole) as client:
        assert said(client.get("/health/ready")) == "These views have stopped: worklist."


def test_a_stopped_view_of_another_release_is_not_its_concern(settings: Settings, whole: Database) -> None:
    """The new version of a view is how one gets rid of an old one that stopped."""
    stop(whole, "worklist", version=99)
    with serving(settings, whole) as client:
        assert client.get("/health/ready").status_code == 200


def test_a_service_is_not_ready_while_the_database_is_away(
    settings: Settings, installation: Installation, new_name: Callable[[], str]
) -> None:
    """And it says so at once; when the database is back, so is the service."""
    name = new_name()
    with (
        Database(installation.at(name), installation.prefix, keyring=KEYRING) as database,
        serving(settings, database) as client,
    ):
        for _ in range(2):
            with (
                installation.database(name, template=installation.template) as url,
                Database(url, installation.prefix, keyring=KEYRING) as projectors,
            ):
                project(projectors)
                assert client.get("/health/ready").status_code == 200
            began = time.monotonic()
            detail = said(client.get("/health/ready"))
            seconds = time.monotonic() - began

    assert detail == "The database does not answer."
    assert seconds < 1


def test_a_database_that_never_answers_is_not_waited_for(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody listens, and says nothing: so it looks when the network swallows what is sent."""
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 1)
    silent = socket.create_server(("127.0.0.1", 0))

    def let_go() -> None:
        """Let go of whoever would wait for ever."""
        silent.accept()[0].close()

    timer = Timer(SCRAPE_SECONDS, let_go)
    timer.start()
    try:
        url = f"postgresql://weerbaar@127.0.0.1:{silent.getsockname()[1]}/weerbaar"
        with Database(url, keyring=KEYRING) as database, serving(settings, database) as client:
            began = time.monotonic()
            detail = said(client.get("/health/ready"))
    finally:
        timer.cancel()
        silent.close()

    assert detail == "The database does not answer."
    assert time.monotonic() - began < SCRAPE_SECONDS / 2


# --- metrics ----------------------------------------------------------------------------------------------------------


def test_metrics_name_routes_and_never_addresses(settings: Settings, whole: Database) -> None:
    """What is in an address may be somebody's name; and each would be a series of its own."""
    headers = {"Authorization": f"Bearer {demo_issuer(settings).token(CAST['administrator'], now())}"}
    with serving(settings, whole) as client:
        for path in (
            "/v1/organisations/zwaluw/members",
            "/v1/organisations/zwaluw",
            "/v1/threat-cases/zwaluw/timeline",
            "/v1/worklist?zwaluw=1",
            "/v1/zwaluw",
            "/zwaluw",
        ):
            client.get(path, headers=headers)
        client.post("/v1/organisations/zwaluw/teams", json={}, headers=headers)
        client.request("ZWALUW", "/v1/cases", headers=headers)
        text = client.get("/metrics").text
        counted = metrics(client)

    assert "zwaluw" not in text.lower()
    requests = {labels[1:]: value for labels, value in counted.items() if labels[0] == "weerbaar_http_requests_total"}
    assert requests == {
        ("GET", "/organisations/{id}/members", "404"): 1,
        ("GET", "/organisations/{id}", "404"): 1,
        ("GET", "/threat-cases/{id}/timeline", "400"): 1,
        ("GET", "/worklist", "400"): 1,
        ("GET", "unmatched", "404"): 2,
        ("POST", "/organisations/{id}/teams", "400"): 1,
        ("unknown", "/cases", "405"): 1,
        ("GET", "/metrics", "200"): 1,
    }


def test_metrics_tell_how_long_answers_take(settings: Settings, whole: Database) -> None:
    """By method and route, in seconds."""
    with serving(settings, whole) as client:
        for _ in range(3):
            client.get("/health/live")
        counted = metrics(client)

    assert counted["weerbaar_http_request_seconds_count", "GET", "/health/live"] == 3
    assert 0 < counted["weerbaar_http_request_seconds_sum", "GET", "/health/live"] < 3


def test_metrics_tell_how_far_each_view_has_come(settings: Settings, database: Database) -> None:
    """Its position, what it lacks and for how long, whether it has stopped, and whether anybody is at work on it."""
    project(database)
    headers = {"Authorization": f"Bearer {demo_issuer(settings).token(CAST['support-team'], now())}"}
    with serving(settings, database) as client:
        assert client.post("/v1/threat-cases", json=REPORT, headers=headers).status_code == 201
        behind = metrics(client)
        project(database)
        assert client.post("/v1/threat-cases", json=REPORT, headers=headers).status_code == 201
        stop(database, "worklist")
        stopped = metrics(client)

    assert {view.name for view in status(database)} == {view.name for view in VIEWS}
    for view in VIEWS:
        which = str(view.version), view.name
        assert behind["weerbaar_view_position", *which] == 0
        assert behind["weerbaar_view_lag", *which] == 1
        assert 0 < behind["weerbaar_view_lag_seconds", *which] < 60
        assert behind["weerbaar_view_running", *which] == 0
        assert behind["weerbaar_view_stopped", *which] == 0
        assert stopped["weerbaar_view_position", *which] == 1
        assert stopped["weerbaar_view_lag", *which] == 1
        moved = stopped["weerbaar_view_last_activity_timestamp_seconds", *which]
        assert behind["weerbaar_view_last_activity_timestamp_seconds", *which] < moved <= now().timestamp()
        assert stopped["weerbaar_view_stopped", *which] == (view.name == "worklist")


def test_metrics_of_the_process_are_there_without_the_database(settings: Settings, empty_url: str) -> None:
    """They are wanted most then, and before the scraper gives up."""
    with (
        nowhere() as away,
        Database(empty_url, "nobody_has_it", keyring=KEYRING) as unmigrated,
    ):
        for database in (away, unmigrated):
            with serving(settings, database) as client:
                client.get("/health/ready")
                began = time.monotonic()
                counted = metrics(client)

            assert time.monotonic() - began < 1
            assert counted["weerbaar_http_requests_total", "GET", "/health/ready", "503"] == 1
            assert not any(name.startswith("weerbaar_view") for name, *_ in counted)


def test_health_and_metrics_are_not_described(settings: Settings) -> None:
    """They are for those who operate the service, and a proxy keeps them inside."""
    with nowhere() as database, serving(settings, database) as client:
        described = client.get("/v1/openapi.json").text
        inside = [client.get(f"/v1{path}").status_code for path in ("/health/live", "/health/ready", "/metrics")]

    assert "/health" not in described
    assert "/metrics" not in described
    assert inside == [404, 404, 404]


def test_whoever_is_let_through_to_the_api_gets_nowhere_else(settings: Settings) -> None:
    """A proxy that lets through what is below /v1, as the documentation asks, keeps the metrics inside."""
    with nowhere() as database, serving(settings, database) as client:
        # Encoded, or the client would leave out the dots itself.
        found = [client.get(f"/v1/{way}metrics").status_code for way in ("", "/", "%2e%2e/", "%2e/%2e%2e/")]
        otherwise = client.get("/%6detrics")

    assert found == [404, 404, 404, 404]
    # Why the documentation asks for a list of what gets through, and not of what does not.
    assert "weerbaar_http_requests_total" in otherwise.text
