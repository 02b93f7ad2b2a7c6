"""How do tests of the views get a history? By commands that people of the network give, decided by the real kinds."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from domain.basis import Act, Actor, Command, Elsewhere, Fact, Kind, Refusal, Role, StreamId, decide, may_know_of
from domain.bodies import BodyKind
from domain.consultation import (
    CallerCapacity,
    CloseConsultation,
    ConsultationOutcome,
    CorrectConsultation,
    GiveProcessAdvice,
    HoldFirstIntake,
    HoldSecondConversation,
    ProcessQuestion,
    RequestConsultation,
)
from domain.integrity_inquiry import (
    CloseInquiry,
    Commissioner,
    ConsultationStage,
    ConsultSteunpunt,
    Disposition,
    Nature,
    OpenInquiry,
    ReceiveSignal,
)
from domain.organisations import AppointMember, EndMembership, OrganisationKind, RegisterOrganisation
from domain.people import Office, PersonDetails
from domain.security_advice import (
    AdoptAdvice,
    CancelMeasure,
    CancelReason,
    DeclineMeasure,
    DeclineReason,
    DraftAdvice,
    GiveAdvice,
    InstallMeasure,
    MeasureKind,
    OrderMeasure,
    ProposedMeasure,
    RecordHomeVisit,
    RemovalReason,
    RemoveMeasure,
    RequestAdvice,
    VerifyMeasure,
    Visitor,
)
from domain.threat_case import (
    AangifteBy,
    AssessThreat,
    Axes,
    CloseThreatCase,
    ClosingReason,
    CorrectReport,
    EndDanger,
    FileAangifte,
    Form,
    HandOverCase,
    NoAangifteReason,
    NoteCall,
    NotifyPolice,
    PlanCallBack,
    ReopenThreatCase,
    ReportThreat,
    Severity,
    TakeCase,
    WaiveAangifte,
)
from infra.database import Database, DatabaseRole
from infra.events import Event, Metadata, Origin
from infra.eventstore import CaseStore
from services.projections.views import View
from tests.domain.scenario import (
    ADMINISTRATOR,
    AMSTERDAM,
    ANALYST,
    AUDITOR,
    BODIES,
    BVA,
    CCV,
    COLLEAGUE,
    EVERYONE,
    NOW,
    STEUNPUNT,
    TEAM,
    THE_HAGUE,
)

__all__ = [
    "ADMINISTRATOR",
    "AMSTERDAM",
    "ANALYST",
    "AUDITOR",
    "BVA",
    "CCV",
    "COLLEAGUE",
    "EVERYONE",
    "NOW",
    "STEUNPUNT",
    "TEAM",
    "THE_HAGUE",
    "Network",
    "a_measure",
    "a_question",
    "a_request",
    "a_signal",
    "a_threat",
    "random_history",
    "rows",
]


class ForbiddenError(Exception):
    """They may not give this command."""


@dataclass
class Network:
    """The people of the network, and what they do one after the other."""

    store: CaseStore
    at: datetime = NOW
    streams: list[StreamId] = field(default_factory=list)
    """The streams that have begun, in order."""
    _states: dict[StreamId, tuple[Any, int]] = field(default_factory=dict)
    _ids: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - the same history in every run

    def give(self, command: Command[Any], by: Actor, stream: StreamId | None = None) -> StreamId:
        """Decide and record *command*, a minute after the last; return its stream. Raises Refusal, ForbiddenError."""
        kind = next(kind for kind in self.store.kinds if type(command) in kind.commands)
        stream = stream or kind.stream(command.key() or self._id())
        state, _ = self.state(stream)
        act = Act(
            actor=by,
            at=self.at,
            stream=stream,
            bodies=BODIES,
            ids=tuple(self._id() for _ in range(command.new_ids)),
            number=self.store.next_number(kind, self.at.year) if command.creates and kind.prefix else "",
            others={other: self.state(other)[0] for other in command.reads()},
        )
        known = command.creates or may_know_of(by, kind.grants(state))
        if not known or by.role not in command.roles or not command.may(state, act):
            raise ForbiddenError
        self.record(by, stream, *decide(command, state, act))
        return stream

    def record(self, by: Actor, stream: StreamId, *facts: Fact | Elsewhere) -> None:
        """Record *facts*, whatever the kinds would say to them."""
        states = dict(self._states)
        expected: dict[StreamId, int] = {}
        events: list[Event] = []
        for fact in facts:
            place, what = (fact.stream, fact.fact) if isinstance(fact, Elsewhere) else (stream, fact)
            state, version = states.get(place) or self.state(place)
            expected.setdefault(place, version)
            metadata = Metadata(
                at=self.at,
                actor=by.person,
                organisation=by.organisation,
                role=by.role,
                correlation=self._id(),
                origin=Origin.GENERATED,
            )
            events.append(Event(place, version + 1, self._id(), metadata, what))
            states[place] = self.kind(place).evolve(state, what), version + 1
        self.store.record_now(events, expected=expected)
        self._states = states
        if stream not in self.streams:
            self.streams.append(stream)
        self.at += timedelta(minutes=1)

    def state(self, stream: StreamId) -> tuple[Any, int]:
        """Return the state of *stream* and its version."""
        return self._states.get(stream) or (self.kind(stream).empty, 0)

    def kind(self, stream: StreamId) -> Kind[Any]:
        """Return the kind of *stream*."""
        return next(kind for kind in self.store.kinds if stream.startswith(f"{kind.name}:"))

    def _id(self) -> UUID:
        return UUID(int=self._ids.getrandbits(128), version=4)


# --- commands as people give them -------------------------------------------------------------------------------------


def a_threat(body: str = "gm0363", **more: Any) -> ReportThreat:  # noqa: ANN401 - fields of the command
    """Return the report of a threat against the mayor of *body*."""
    fields = {"office": Office.BURGEMEESTER, "call_back_number": "06 1234 5678", "danger_now": False}
    return ReportThreat.model_validate({"body": body, **fields, **more})


def a_request(body: str = "gm0363", **more: Any) -> RequestAdvice:  # noqa: ANN401
    """Return a request for security advice for the mayor of *body*."""
    fields = {"office": Office.BURGEMEESTER, "holder": PersonDetails(name="J. Jansen"), "address": "Dam 1"}
    return RequestAdvice.model_validate({"body": body, **fields, **more})


def a_measure(kind: MeasureKind = MeasureKind.PHYSICAL) -> ProposedMeasure:
    """Return a measure of 1,234.56 euro."""
    return ProposedMeasure(
        kind=kind, one_off_cents=123_456, recurring_cents_per_month=5_000, reason="Een kwetsbare deur"
    )


def a_signal(body: str = "gm0363", **more: Any) -> ReceiveSignal:  # noqa: ANN401
    """Return a signal about an alderman of *body*."""
    fields = {"office": Office.WETHOUDER, "nature": Nature.GIFTS, "person": PersonDetails(name="W. de Vries")}
    return ReceiveSignal.model_validate({"body": body, **fields, **more})


def a_question(**more: Any) -> RequestConsultation:  # noqa: ANN401
    """Return a mayor's question to the steunpunt."""
    fields = {
        "body_kind": BodyKind.MUNICIPALITY,
        "caller": CallerCapacity.MAYOR,
        "call_back_number": "06 8765 4321",
        "question": ProcessQuestion.HOW_TO_COMMISSION,
    }
    return RequestConsultation.model_validate({**fields, **more})


def rows(database: Database, view: View) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of *view*, whoever may see them."""
    with closing(database.connect(DatabaseRole.PROJECTOR)) as connection:
        return {
            table.name: sorted(connection.execute(b"select * from " + table.qualified.encode()), key=repr)
            for table in view.tables
        }


# --- histories --------------------------------------------------------------------------------------------------------


def random_history(network: Network, seed: int, commands: int = 100) -> None:
    """Let people give *commands* at random, besides those that the rules forbid."""
    random = Random(seed)  # noqa: S311 - the same history in every run
    if not network.streams:
        body = RegisterOrganisation(organisation="gm0363", name="Amsterdam", kind=OrganisationKind.PUBLIC_BODY)
        network.give(body, ADMINISTRATOR)
    done = 0
    while done < commands:
        command = random.choice(COMMANDS)(random, network.streams)
        kind = next(kind for kind in network.store.kinds if type(command) in kind.commands)
        streams = [stream for stream in network.streams if network.kind(stream) is kind]
        if not streams and not command.creates:
            continue
        by = random.choice([actor for actor in EVERYONE if actor.role in command.roles])
        try:
            network.give(command, by, None if command.creates else random.choice(streams))
        except (Refusal, ForbiddenError):
            continue
        done += 1


def _requested(random: Random, streams: Sequence[StreamId]) -> RequestAdvice:
    threats = [UUID(stream.partition(":")[2]) for stream in streams if stream.startswith("threat_case:")]
    day = random.choice([date(2023, 5, 1), date(2025, 5, 1), date(2026, 2, 1)])
    return a_request(_body(random), requested_on=day, threat_case=random.choice([None, *threats]))


def _body(random: Random) -> str:
    return random.choice(["gm0363", "gm0518"])


def _number(random: Random) -> int:
    return random.randint(1, 3)


def _a(choices: Any, random: Random) -> Any:  # noqa: ANN401 - one of a code list
    return random.choice(list(choices))


def _day(random: Random) -> datetime:
    return NOW + timedelta(days=random.randint(1, 20))


def _soon(random: Random) -> datetime | None:
    return random.choice([None, _day(random)])


Given = Callable[[Random, Sequence[StreamId]], Command[Any]]

COMMANDS: tuple[Given, ...] = (
    lambda r, _: a_threat(_body(r), danger_now=r.random() < 0.3),
    lambda r, _: AssessThreat(axes=Axes(form=_a(Form, r), severity=_a([None, *Severity], r))),
    lambda r, _: CorrectReport(reason="Verkeerd verstaan", danger_now=r.random() < 0.5, office=_a(Office, r)),
    lambda _, __: EndDanger(),
    lambda _, __: TakeCase(),
    lambda r, _: HandOverCase(note="Belt morgen", call_back_at=_soon(r)),
    lambda r, _: NoteCall(note="Niet bereikt", call_back_at=_soon(r)),
    lambda r, _: PlanCallBack(at=_day(r)),
    lambda r, _: NotifyPolice(vpt_code=_a([None, False, True], r)),
    lambda r, _: FileAangifte(by=_a(AangifteBy, r)),
    lambda r, _: WaiveAangifte(reason=_a(NoAangifteReason, r)),
    lambda r, _: CloseThreatCase(reason=_a(ClosingReason, r)),
    lambda _, __: ReopenThreatCase(reason="Er is meer gebeurd"),
    _requested,
    _requested,
    lambda r, _: RecordHomeVisit(visitor=_a(Visitor, r), report=r.choice([None, "Een losse voordeur"])),
    lambda r, _: DraftAdvice(measures=tuple(a_measure(_a(MeasureKind, r)) for _ in range(_number(r)))),
    lambda r, _: GiveAdvice(measures=tuple(a_measure(_a(MeasureKind, r)) for _ in range(_number(r)))),
    lambda r, _: GiveAdvice(measures=tuple(a_measure(_a(MeasureKind, r)) for _ in range(_number(r)))),
    lambda _, __: AdoptAdvice(),
    lambda _, __: AdoptAdvice(),
    *(lambda r, _: OrderMeasure(measure=_number(r), supplier="Slotenmaker BV") for _ in range(4)),
    *(lambda r, _: InstallMeasure(measure=_number(r)) for _ in range(4)),
    *(lambda r, _: VerifyMeasure(measure=_number(r)) for _ in range(4)),
    lambda r, _: DeclineMeasure(measure=_number(r), reason=_a(DeclineReason, r)),
    lambda r, _: CancelMeasure(measure=_number(r), reason=_a(CancelReason, r)),
    lambda r, _: RemoveMeasure(measure=_number(r), reason=_a(RemovalReason, r)),
    lambda r, _: a_signal(_body(r), nature=_a(Nature, r)),
    lambda r, _: ConsultSteunpunt(stage=_a(ConsultationStage, r)),
    lambda r, _: ConsultSteunpunt(stage=_a(ConsultationStage, r)),
    lambda r, _: OpenInquiry(commissioner=_a(Commissioner, r)),
    lambda r, _: CloseInquiry(disposition=_a(Disposition, r)),
    lambda r, _: a_question(body_kind=_a(BodyKind, r), nature=_a([None, *Nature], r)),
    lambda _, __: HoldFirstIntake(summary="Een vermoeden"),
    lambda _, __: HoldSecondConversation(),
    lambda _, __: GiveProcessAdvice(advice="Vraag eerst een zienswijze"),
    lambda r, _: CorrectConsultation(reason="Verkeerd verstaan", question=_a(ProcessQuestion, r), nature=_a(Nature, r)),
    lambda r, _: CloseConsultation(outcome=_a(ConsultationOutcome, r)),
    lambda r, _: AppointMember(person=f"p{r.randint(1, 5)}", role=_a([Role.PUBLIC_BODY, Role.ADMINISTRATOR], r)),
    lambda r, _: EndMembership(person=f"p{r.randint(1, 5)}", role=_a([Role.PUBLIC_BODY, Role.ADMINISTRATOR], r)),
)
