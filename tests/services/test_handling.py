"""What becomes of a command when others come in between, and what is recorded with it?"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from domain.basis import Actor, Command, PersonId, Refusal
from domain.kinds import KINDS
from domain.organisations import OrganisationKind, RegisterOrganisation
from domain.people import PersonDetails
from domain.security_advice import RequestAdvice
from domain.threat_case import (
    THREAT_CASE,
    Aftercare,
    AssessThreat,
    Axes,
    CloseThreatCase,
    ClosingReason,
    Form,
    OfferAftercare,
    ReportThreat,
    ThreatCaseIsClosed,
)
from infra.database import Database
from infra.events import Event, Metadata, Origin
from infra.eventstore import CaseStore, Receipt
from infra.identity import Caller, demo_issuer
from infra.opaque import Opaque
from infra.registers import public_bodies
from infra.settings import read_settings
from services.app import Service, create_app, now
from services.cases.handling import (
    ATTEMPTS,
    AlreadyExists,
    Busy,
    Handling,
    NotAllowed,
    RelatedCaseUnknown,
    Request,
    VersionChanged,
)
from services.demo.cast import CAST
from services.web.problems import NotFound
from tests.keyring import KEYRING
from tests.log_of import log_of

NOW = datetime(2026, 3, 18, 22, 30, tzinfo=UTC)
TEAM, BODY, ELSEWHERE = CAST["support-team"], CAST["public-body"], CAST["public-body-elsewhere"]
REPORT = ReportThreat.model_validate(
    {"body": "gm0855", "office": "wethouder", "call_back_number": "06-00 00 01 01", "danger_now": False}
)
ASSESS = AssessThreat(axes=Axes(form=Form.THREAT))
OFFER = OfferAftercare(care=Aftercare.FAMILY)
CLOSE = CloseThreatCase(reason=ClosingReason.RESOLVED)
REGISTER = RegisterOrganisation.model_validate(
    {"organisation": "steunpunt", "name": "Steunpunt", "kind": OrganisationKind.STEUNPUNT}
)


@dataclass
class Desk:
    """Where commands are given. What others do meanwhile happens after loading and before recording."""

    handling: Handling
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    """What happens during the next attempts to decide, one each."""
    attempts: int = 0

    def __post_init__(self) -> None:
        """Let things happen whenever somebody looks at the clock, as a decision does once it has loaded."""
        self.handling = replace(self.handling, clock=self._look_at_the_clock)

    def _look_at_the_clock(self) -> datetime:
        self.attempts += 1
        if self.meanwhile:
            waiting, self.meanwhile = self.meanwhile, []
            waiting.pop(0)()
            self.meanwhile = waiting
        return NOW

    def give(self, command: Command[Any], by: Actor = TEAM, case: str | None = None, **more: Any) -> Receipt:  # noqa: ANN401
        """Give *command* in *case*; *more* are fields of the request."""
        kind = next(kind for kind in KINDS if type(command) in kind.commands)
        return self.handling.handle_now(kind, Request(command=command, caller=Caller(actor=by), key=case, **more))

    def begin(self) -> str:
        """Report a threat; return the id of its case."""
        return self.give(REPORT).stream.partition(":")[2]

    def history(self, stream: str) -> list[str]:
        """Return the topics of what has been recorded in *stream*."""
        return [event.fact.topic for event in self.events() if event.originator_id == stream]

    def events(self) -> list[Event]:
        """Return all that has been recorded."""
        return [recorded.event for recorded in log_of(self.handling.store)]


@pytest.fixture
def store(emptied: Database) -> CaseStore:
    """Return the store of all kinds, with nothing in it."""
    return CaseStore(emptied, KINDS)


@pytest.fixture
def desk(store: CaseStore) -> Desk:
    """Return a desk where nobody has given a command yet."""
    return Desk(Handling(store=store, kinds=KINDS, bodies=public_bodies(), opaque=Opaque(b"k" * 32)))


# --- others come in between -------------------------------------------------------------------------------------------


def test_a_command_is_decided_anew_when_another_came_in_between(desk: Desk) -> None:
    """Its giver does not notice."""
    case = desk.begin()
    desk.meanwhile = [lambda: desk.give(ASSESS, case=case)]
    receipt = desk.give(OFFER, case=case)

    assert receipt.version == 3
    assert desk.history(receipt.stream) == [
        "threat_case.reported.v1",
        "threat_case.assessed.v1",
        "threat_case.aftercare_offered.v1",
    ]


def test_a_command_is_judged_by_what_came_in_between(desk: Desk) -> None:
    """What was allowed when it came in may be refused when it is its turn."""
    case = desk.begin()
    desk.meanwhile = [lambda: desk.give(CLOSE, case=case)]

    with pytest.raises(ThreatCaseIsClosed):
        desk.give(OFFER, case=case)


def test_a_command_is_decided_three_times_and_no_more(desk: Desk) -> None:
    """Then its giver hears that others keep changing the case, and nothing of it is recorded."""
    case = desk.begin()
    desk.attempts = 0
    in_between = [AssessThreat(axes=Axes(form=form)) for form in list(Form)[: ATTEMPTS + 1]]
    desk.meanwhile = [lambda command=command: desk.give(command, case=case) for command in in_between]  # type: ignore[misc]

    with pytest.raises(Busy):
        desk.give(OFFER, case=case)
    assert desk.history(f"threat_case:{case}") == ["threat_case.reported.v1", *["threat_case.assessed.v1"] * 3]
    assert desk.attempts == 3 + 3  # its own, and those of the others
    assert Busy.status == 503
    assert Busy.headers == {"Retry-After": "1"}


def test_the_third_time_may_be_the_right_one(desk: Desk) -> None:
    """Two came in between, and it is judged by both."""
    case = desk.begin()
    desk.meanwhile = [lambda: desk.give(ASSESS, case=case), lambda: desk.give(CLOSE, case=case)]

    with pytest.raises(ThreatCaseIsClosed):
        desk.give(OFFER, case=case)
    assert desk.history(f"threat_case:{case}")[-1] == "threat_case.closed.v1"


def test_with_if_match_a_command_is_for_the_version_named(desk: Desk) -> None:
    """It is not decided anew on another one."""
    case = desk.begin()
    seen = desk.handling.etag(f"threat_case:{case}", 1)
    desk.meanwhile = [lambda: desk.give(ASSESS, case=case)]

    with pytest.raises(VersionChanged):
        desk.give(OFFER, case=case, if_match=seen)
    assert "threat_case.aftercare_offered.v1" not in desk.history(f"threat_case:{case}")


def test_with_a_star_any_version_will_do(desk: Desk) -> None:
    """Also the one that came in between."""
    case = desk.begin()
    desk.meanwhile = [lambda: desk.give(ASSESS, case=case)]

    assert desk.give(OFFER, case=case, if_match="*").version == 3


def test_one_of_several_versions_will_do(desk: Desk) -> None:
    """If-Match is a list (RFC 9110, 13.1.1)."""
    case = desk.begin()
    seen = desk.handling.etag(f"threat_case:{case}", 1)

    assert desk.give(OFFER, case=case, if_match=f'"other", {seen}').version == 2


def test_a_case_that_is_only_read_must_not_change_either(desk: Desk) -> None:
    """Advice is requested for an open threat case; while it is being decided, that case is closed."""
    threat = desk.begin()
    desk.meanwhile = [lambda: desk.give(CLOSE, case=threat)]

    with pytest.raises(ThreatCaseIsClosed):
        desk.give(advice_for(UUID(threat)))
    assert {event.originator_id.partition(":")[0] for event in desk.events()} == {"threat_case"}


def test_the_same_request_twice_at_once_is_done_once(desk: Desk) -> None:
    """Both get the same answer."""
    case = desk.begin()
    answers: list[Receipt] = []
    desk.meanwhile = [lambda: answers.append(desk.give(CLOSE, case=case, idempotency_key="k"))]
    answers.append(desk.give(CLOSE, case=case, idempotency_key="k"))

    assert answers[0] == answers[1]
    assert desk.history(f"threat_case:{case}") == ["threat_case.reported.v1", "threat_case.closed.v1"]


class Interrupted(CaseStore):
    """A store that is slow enough for something to happen before it loads."""

    before_loading: list[Callable[[], object]]

    def load(self, *given: Any, **more: Any) -> Any:  # noqa: ANN401 - as it is
        """Let it happen, and load."""
        if self.before_loading:
            self.before_loading.pop()()
        return super().load(*given, **more)


def test_a_request_does_not_stand_in_its_own_way(desk: Desk, emptied: Database) -> None:
    """The first of two was recorded after the second had asked whether it was: the case is closed, by itself."""
    case = desk.begin()
    store = Interrupted(emptied, KINDS)
    slow = Desk(replace(desk.handling, store=store))
    answers: list[Receipt] = []
    store.before_loading = [lambda: answers.append(desk.give(CLOSE, case=case, idempotency_key="k"))]
    answers.append(slow.give(CLOSE, case=case, idempotency_key="k"))

    assert answers[0] == answers[1]
    assert desk.history(f"threat_case:{case}") == ["threat_case.reported.v1", "threat_case.closed.v1"]


# --- what there is, and what there is not -----------------------------------------------------------------------------


def advice_for(threat_case: UUID) -> RequestAdvice:
    """Return a request for security advice from *threat_case*."""
    return RequestAdvice.model_validate(
        {
            "body": "gm0855",
            "office": "wethouder",
            "holder": PersonDetails(name="Sanne Verbruggen"),
            "address": "Wilgenhof 12, Tilburg",
            "threat_case": threat_case,
        }
    )


def test_a_request_that_was_answered_before_leaves_nothing_behind(desk: Desk, emptied: Database) -> None:
    """Neither a key for somebody who is in no case nor a number that no case has."""

    def left_behind() -> list[tuple[int, ...]]:
        with closing(emptied.owner()) as connection:
            return connection.execute(
                "select (select count(*) from vault.case_keys), (select count(*) from vault.subject_keys),"
                " (select sum(last) from store.case_numbers)"
            ).fetchall()

    first = desk.give(REPORT, idempotency_key="k")
    before = left_behind()
    again = desk.give(REPORT, idempotency_key="k")

    assert again == first
    assert left_behind() == before


def test_a_related_case_that_one_may_not_know_of_is_unknown(desk: Desk) -> None:
    """As one that never was; nothing is recorded, and no number is used."""
    of_the_team = UUID(desk.begin())
    refused: list[Refusal] = []
    for threat in (of_the_team, uuid4()):
        with pytest.raises(RelatedCaseUnknown) as refusal:
            desk.give(advice_for(threat), by=BODY)
        refused.append(refusal.value)

    assert str(refused[0]) == str(refused[1])
    assert len(desk.events()) == 1
    assert desk.give(advice_for(of_the_team)).number == "BA-2026-000001"


def test_what_exists_is_not_created_again(desk: Desk) -> None:
    """An organisation goes by its id, which is given out once."""
    desk.give(REGISTER, by=CAST["administrator"])

    with pytest.raises(AlreadyExists):
        desk.give(REGISTER, by=CAST["administrator"])


def test_two_who_create_the_same_at_once_create_one(desk: Desk) -> None:
    """The other hears that it exists."""
    desk.meanwhile = [lambda: desk.give(REGISTER, by=CAST["administrator"])]

    with pytest.raises(AlreadyExists):
        desk.give(REGISTER, by=CAST["administrator"])
    assert desk.history("organisation:steunpunt") == ["organisation.registered.v1"]


def test_a_case_of_somebody_else_is_not_found(desk: Desk) -> None:
    """As one that never was."""
    case = desk.begin()

    for key in (case, str(uuid4())):
        with pytest.raises(NotFound):
            desk.give(OFFER, by=ELSEWHERE, case=key)


def test_whoever_may_never_do_it_hears_so_before_anything_is_looked_up() -> None:
    """Here there is not even a database."""
    with Database("postgresql://weerbaar@127.0.0.1:1/weerbaar", keyring=KEYRING) as nowhere:
        handling = Handling(
            store=CaseStore(nowhere, KINDS), kinds=KINDS, bodies=public_bodies(), opaque=Opaque(b"k" * 32)
        )
        with pytest.raises(NotAllowed):
            Desk(handling).give(OFFER, by=CAST["auditor"], case=str(uuid4()), idempotency_key="k")


def test_a_body_reports_its_own_threats_only(desk: Desk) -> None:
    """The role allows it, the relation does not."""
    with pytest.raises(NotAllowed):
        desk.give(REPORT, by=ELSEWHERE)
    assert desk.events() == []


# --- what is recorded with it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "number"),
    [
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), "DR-2026-000001"),
        (datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), "DR-2027-000001"),
        (datetime(2027, 1, 1, 0, 0, 0, tzinfo=UTC), "DR-2027-000001"),
    ],
)
def test_the_year_of_a_number_is_that_of_amsterdam(desk: Desk, at: datetime, number: str) -> None:
    """There the year is over an hour before it is in UTC."""
    handling = replace(desk.handling, clock=lambda: at)
    receipt = handling.handle_now(THREAT_CASE, Request(command=REPORT, caller=Caller(actor=TEAM)))

    assert receipt.number == number


def test_all_that_belongs_to_a_fact_is_recorded_with_it(desk: Desk) -> None:
    """Who, in which capacity, for whom, why, when, at which request, and through which door."""
    caller = Caller(actor=TEAM, on_behalf_of=PersonId("p-team-2"), purpose="waarneming")
    correlation = uuid4()
    request = Request(command=REPORT, caller=caller, correlation=correlation, origin=Origin.GENERATED)
    desk.handling.handle_now(THREAT_CASE, request)

    (event,) = desk.events()
    assert event.metadata == Metadata(
        at=NOW,
        actor=TEAM.person,
        organisation=TEAM.organisation,
        role=TEAM.role,
        on_behalf_of=PersonId("p-team-2"),
        purpose="waarneming",
        correlation=correlation,
        causation=None,
        origin=Origin.GENERATED,
    )


def test_what_one_command_records_in_two_cases_belongs_together(desk: Desk) -> None:
    """Same moment, same request, ids of their own."""
    threat = desk.begin()
    desk.give(advice_for(UUID(threat)))

    first, second = desk.events()[1:]
    assert {first.fact.topic, second.fact.topic} == {
        "security_advice.requested.v1",
        "threat_case.security_advice_sought.v1",
    }
    assert first.metadata == second.metadata
    assert first.event_id != second.event_id


def test_two_requests_that_name_none_are_told_apart(desk: Desk) -> None:
    """Each gets a correlation of its own."""
    desk.begin()
    desk.begin()

    assert len({event.metadata.correlation for event in desk.events()}) == 2


def test_the_longest_ids_that_a_token_may_hold_can_use_a_key(desk: Desk) -> None:
    """The store has room for them."""
    actor = TEAM.model_copy(update={"person": "p" * 255, "organisation": "o" * 64})
    first, again = (desk.give(REPORT, by=actor, idempotency_key="k" * 128) for _ in range(2))

    assert first == again
    assert len(desk.events()) == 1


@pytest.fixture(scope="module")
def client(lasting: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Yield a client of the API that signs as the support team."""
    settings = read_settings(data_dir=tmp_path_factory.mktemp("data"))
    with TestClient(create_app(Service(settings, lasting))) as client:
        client.headers["Authorization"] = f"Bearer {demo_issuer(settings).token(TEAM, now())}"
        yield client


TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_the_trace_of_a_caller_is_recorded(client: TestClient, store: CaseStore) -> None:
    """W3C Trace Context: the facts can be joined with what the caller itself recorded, and so can the answer."""
    trace = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    answer = client.post("/v1/threat-cases", json=REPORT.model_dump(mode="json"), headers=trace)

    assert answer.status_code == 201
    (recorded,) = log_of(store)
    assert recorded.event.metadata.correlation == UUID(TRACE)
    assert recorded.event.metadata.origin is Origin.API
    assert answer.headers["Weerbaar-Request"] == str(UUID(TRACE))


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "x",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}",
        f"00-{TRACE[1:]}-b7ad6b7169203331-01",
        "00-zwaluw-x-0",
    ],
)
def test_a_trace_that_is_none_is_not_recorded(client: TestClient, store: CaseStore, traceparent: str) -> None:
    """The request gets an id of ours instead, and each another one."""
    for _ in range(2):
        answer = client.post(
            "/v1/threat-cases", json=REPORT.model_dump(mode="json"), headers={"traceparent": traceparent}
        )
        assert answer.status_code == 201

    found = [recorded.event.metadata.correlation for recorded in log_of(store)]
    assert len(set(found)) == 2
    assert all(correlation.version == 4 for correlation in found)
    assert answer.headers["Weerbaar-Request"] == str(found[-1])
