"""What can happen with a signal about the integrity of a political office holder?"""

from dataclasses import replace
from datetime import date

import pytest

from domain.basis import Actor, Command, DayInTheFuture, DayTooEarly, Fact, Grant, Party, Role, UnknownBody, decide
from domain.bodies import BodyKind
from domain.integrity_inquiry import (
    INTEGRITY_INQUIRY,
    CloseInquiry,
    Commissioner,
    CommissionerIsSubject,
    ConsultationAlreadyRecorded,
    ConsultationStage,
    ConsultSteunpunt,
    Disposition,
    FirstCallMissing,
    InquiryAlreadyOpened,
    InquiryClosed,
    InquiryIsClosed,
    InquiryMustConclude,
    InquiryNotOpened,
    InquiryOpened,
    IntegrityInquiry,
    Nature,
    NotACommissionerHere,
    NotAPoliticalOffice,
    OpenInquiry,
    ReceiveSignal,
    SignalReceived,
    SteunpuntConsulted,
    grants,
)
from domain.people import POLITICAL_OFFICES, Office, PersonDetails, Statement, Subject
from domain.rules.offices import OFFICES, OfficeNotOfThisBody
from tests.domain.scenario import (
    AMSTERDAM,
    BODIES,
    FIRST,
    SECOND,
    STEUNPUNT,
    TEAM,
    THE_HAGUE,
    TODAY,
    TOMORROW,
    YESTERDAY,
    given,
)

SIGNAL = ReceiveSignal(
    body="gm0363", office=Office.WETHOUDER, nature=Nature.CONFLICT_OF_INTEREST, person=PersonDetails(name="C. Smit")
)
RECEIVED = SignalReceived(
    number="IO-2026-000001",
    owner=AMSTERDAM.organisation,
    owner_role=Role.PUBLIC_BODY,
    body="gm0363",
    office=Office.WETHOUDER,
    received_on=TODAY,
    nature=Nature.CONFLICT_OF_INTEREST,
    person=Subject(subject=FIRST, name="C. Smit"),
)
CALLED = SteunpuntConsulted(
    on=TODAY,
    stage=ConsultationStage.FIRST_CALL,
    body_kind=BodyKind.MUNICIPALITY,
    nature=Nature.CONFLICT_OF_INTEREST,
)
SPOKEN = CALLED.model_copy(update={"stage": ConsultationStage.SECOND_CONVERSATION})
OPENED = InquiryOpened(on=TODAY, commissioner=Commissioner.MAYOR)
CLOSED = InquiryClosed(on=TODAY, disposition=Disposition.NOT_PURSUED)

CALL = ConsultSteunpunt(stage=ConsultationStage.FIRST_CALL)
SPEAK = ConsultSteunpunt(stage=ConsultationStage.SECOND_CONVERSATION)
OPEN = OpenInquiry(commissioner=Commissioner.MAYOR)


def about(office: Office, *, at: str = "gm0363") -> SignalReceived:
    """Return a signal about the holder of *office* at the body *at*."""
    return RECEIVED.model_copy(update={"office": office, "owner": at, "body": at})


def own_of(body: str) -> Actor:
    """Return somebody of *body*."""
    return AMSTERDAM.model_copy(update={"organisation": body})


def kind_of_body(body: str) -> BodyKind:
    """Return which kind of body that is."""
    found = BODIES.get(body)
    assert found
    return found.kind


# --- receiving --------------------------------------------------------------------------------------------------------


def test_a_signal_may_be_anonymous() -> None:
    """Body, office, nature and person suffice."""
    given().when(SIGNAL, by=AMSTERDAM).then(RECEIVED)


def test_the_reporter_is_kept_apart_from_whom_it_is_about() -> None:
    """Two subjects; the words belong to whom they are about."""
    told = SIGNAL.model_copy(
        update={
            "reporter": PersonDetails(name="D. Jansen"),
            "account": "Stemde mee over eigen grond.",
            "received_on": YESTERDAY,
            "external_reference": "Z-18",
        }
    )

    given().when(told, by=AMSTERDAM).then(
        RECEIVED.model_copy(
            update={
                "reporter": Subject(subject=SECOND, name="D. Jansen"),
                "account": Statement(subject=FIRST, text="Stemde mee over eigen grond."),
                "received_on": YESTERDAY,
                "external_reference": "Z-18",
            }
        )
    )


def test_a_body_records_signals_about_its_own_office_holders_only() -> None:
    """The steunpunt takes no reports, nor does the support team."""
    given().when(SIGNAL, by=THE_HAGUE).forbidden()
    given().when(SIGNAL, by=STEUNPUNT).forbidden()
    given().when(SIGNAL, by=TEAM).forbidden()


@pytest.mark.parametrize("office", [Office.GRIFFIER, Office.CIVIL_SERVANT, Office.FAMILY])
def test_it_is_about_a_political_office_holder(office: Office) -> None:
    """Others have procedures of their own."""
    given().when(SIGNAL.model_copy(update={"office": office}), by=AMSTERDAM).refused(NotAPoliticalOffice)


@pytest.mark.parametrize("office", [Office.GEDEPUTEERDE, Office.AB_MEMBER, Office.GEZAGHEBBER])
def test_it_is_about_an_office_that_the_body_has(office: Office) -> None:
    """Others' office holders are for others."""
    given().when(SIGNAL.model_copy(update={"office": office}), by=AMSTERDAM).refused(OfficeNotOfThisBody)


def test_the_body_exists_on_the_day_of_the_signal() -> None:
    """Amsterdam exists, and tomorrow is yet to come."""
    for_weesp = SIGNAL.model_copy(update={"body": "gm0457"})
    weesp = AMSTERDAM.model_copy(update={"organisation": "gm0457"})

    given().when(for_weesp, by=weesp).refused(UnknownBody)
    given().when(SIGNAL.model_copy(update={"received_on": TOMORROW}), by=AMSTERDAM).refused(DayInTheFuture)


# --- consulting the steunpunt -----------------------------------------------------------------------------------------


def test_the_steunpunt_is_told_nothing_that_points_at_a_person() -> None:
    """Which kind of body and which kind of violation, no more."""
    given(RECEIVED).when(CALL, by=AMSTERDAM).then(CALLED)


def test_a_second_conversation_follows_a_first_call() -> None:
    """Not without one, not before it, and each once."""
    given(RECEIVED).when(SPEAK, by=AMSTERDAM).refused(FirstCallMissing)
    given(RECEIVED, CALLED).when(SPEAK.model_copy(update={"on": YESTERDAY}), by=AMSTERDAM).refused(DayTooEarly)
    given(RECEIVED, CALLED).when(SPEAK, by=AMSTERDAM).then(SPOKEN)
    given(RECEIVED, CALLED).when(CALL, by=AMSTERDAM).refused(ConsultationAlreadyRecorded)
    given(RECEIVED, CALLED, SPOKEN).when(SPEAK, by=AMSTERDAM).refused(ConsultationAlreadyRecorded)


def test_the_conversation_on_offer_is_the_next_one() -> None:
    """After the second there is none to record."""
    assert given(RECEIVED).when(SPEAK, by=AMSTERDAM).choices == {"stage": (ConsultationStage.FIRST_CALL,)}
    assert given(RECEIVED, CALLED).when(CALL, by=AMSTERDAM).choices == {
        "stage": (ConsultationStage.SECOND_CONVERSATION,)
    }
    assert given(RECEIVED, CALLED, SPOKEN).when(CALL, by=AMSTERDAM).choices == {"stage": ()}
    assert not given(RECEIVED, CALLED, SPOKEN).when(CALL, by=AMSTERDAM).ready


def test_the_steunpunt_can_be_consulted_during_the_inquiry() -> None:
    """It advises about the process, from beginning to end."""
    given(RECEIVED, OPENED).when(CALL, by=AMSTERDAM).then(CALLED)


def test_a_body_that_left_the_register_has_no_kind() -> None:
    """The register is data that comes in from outside."""
    gone = RECEIVED.model_copy(update={"body": "gm9999"})

    given(gone).when(CALL, by=AMSTERDAM).refused(UnknownBody)


def test_the_steunpunt_knows_of_a_case_from_its_consultation_on() -> None:
    """And even then not of the signal itself."""
    owner = Grant(party=Party.OWNER, role=Role.PUBLIC_BODY, organisation=AMSTERDAM.organisation)
    steunpunt = Grant(party=Party.STEUNPUNT, role=Role.STEUNPUNT)

    assert grants(IntegrityInquiry()) == frozenset()
    assert grants(INTEGRITY_INQUIRY.replay([RECEIVED])) == {owner}
    assert grants(INTEGRITY_INQUIRY.replay([RECEIVED, CALLED])) == {owner, steunpunt}
    assert grants(INTEGRITY_INQUIRY.replay([SPOKEN])) == {steunpunt}
    assert SignalReceived.audience == {Party.OWNER}
    given(RECEIVED).when(OPEN, by=STEUNPUNT).unknown()
    given(RECEIVED, CALLED).when(OPEN, by=STEUNPUNT).forbidden()
    given(RECEIVED, CALLED).when(OPEN, by=THE_HAGUE).unknown()


def test_the_steunpunt_is_shown_what_it_was_told() -> None:
    """The kind of body and of violation, as they are; nothing takes the place of what it may not see."""
    visible = [fact for fact in (RECEIVED, CALLED, OPENED, CLOSED) if Party.STEUNPUNT in fact.seen_by()]

    inquiry = INTEGRITY_INQUIRY.replay(visible)
    assert (inquiry.nature, inquiry.body_kind) == (Nature.CONFLICT_OF_INTEREST, BodyKind.MUNICIPALITY)
    assert (inquiry.number, inquiry.body, inquiry.office, inquiry.person) == (None, None, None, None)
    assert (inquiry.closed, inquiry.disposition) == (TODAY, Disposition.NOT_PURSUED)


def test_the_steunpunt_does_not_see_who_commissions() -> None:
    """Where the King's commissioner steps in it is about a mayor."""
    assert InquiryOpened.audience == {Party.OWNER}
    assert SteunpuntConsulted.audience == InquiryClosed.audience == {Party.OWNER, Party.STEUNPUNT}


# --- opening ----------------------------------------------------------------------------------------------------------


def test_an_inquiry_is_opened_once() -> None:
    """With or without the advice of the steunpunt."""
    given(RECEIVED).when(OPEN, by=AMSTERDAM).then(OPENED)
    given(RECEIVED, CALLED, SPOKEN).when(OPEN, by=AMSTERDAM).then(OPENED)
    given(RECEIVED, OPENED).when(OPEN, by=AMSTERDAM).refused(InquiryAlreadyOpened)


@pytest.mark.parametrize(
    ("body", "chair", "own", "instead"),
    [
        ("gm0363", Office.BURGEMEESTER, Commissioner.MAYOR, Commissioner.KINGS_COMMISSIONER),
        ("pv27", Office.COMMISSARIS, Commissioner.KINGS_COMMISSIONER, Commissioner.MINISTER),
        (
            "ws-rijnland",
            Office.WATER_BOARD_CHAIR,
            Commissioner.WATER_BOARD_CHAIR,
            Commissioner.PROVINCIAL_EXECUTIVE,
        ),
        ("bes-saba", Office.GEZAGHEBBER, Commissioner.MAYOR, Commissioner.MINISTER),
    ],
)
def test_every_kind_of_body_has_its_commissioners(
    body: str, chair: Office, own: Commissioner, instead: Commissioner
) -> None:
    """Whoever chairs it, or who steps in where it is about them; the representative body always; nobody else."""
    into_chair = about(chair, at=body)
    into_another = about(min((OFFICES[kind_of_body(body)] & POLITICAL_OFFICES) - {chair}), at=body)

    for signal, may in ((into_another, own), (into_chair, instead)):
        by = own_of(body)
        offered = given(signal).when(OPEN, by=by).choices["commissioner"]
        assert set(offered) == {may, Commissioner.REPRESENTATIVE_BODY}
        for commissioner in Commissioner:
            when = given(signal).when(OpenInquiry(commissioner=commissioner), by=by)
            if commissioner in {may, Commissioner.REPRESENTATIVE_BODY}:
                when.then(InquiryOpened(on=TODAY, commissioner=commissioner))
            elif signal is into_chair and commissioner is own:
                when.refused(CommissionerIsSubject)
            else:
                when.refused(NotACommissionerHere)


def test_nobody_commissions_an_inquiry_into_they_do_not_know_whom() -> None:
    """Where body or office are withheld nothing is let through."""
    act = given(RECEIVED).when(OPEN, by=AMSTERDAM).act
    known = INTEGRITY_INQUIRY.replay([RECEIVED])

    for commissioner in Commissioner:
        with pytest.raises(NotACommissionerHere):
            decide(OpenInquiry(commissioner=commissioner), replace(known, office=None), act)
        with pytest.raises(UnknownBody):
            decide(OpenInquiry(commissioner=commissioner), replace(known, body=None), act)
    assert OpenInquiry.choices(replace(known, body=None), act) == {"commissioner": ()}


# --- closing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("finding", [Disposition.NO_VIOLATION, Disposition.PARTIAL_VIOLATION, Disposition.VIOLATION])
def test_a_finding_needs_an_inquiry(finding: Disposition) -> None:
    """No violation too is found, and not assumed."""
    given(RECEIVED).when(CloseInquiry(disposition=finding), by=AMSTERDAM).refused(InquiryNotOpened)
    given(RECEIVED, OPENED).when(CloseInquiry(disposition=finding), by=AMSTERDAM).then(
        InquiryClosed(on=TODAY, disposition=finding)
    )


@pytest.mark.parametrize("instead", [Disposition.NOT_PURSUED, Disposition.CONVERSATION_ONLY, Disposition.AANGIFTE])
def test_an_inquiry_ends_with_a_finding(instead: Disposition) -> None:
    """What is done instead of an inquiry is not done once one was opened."""
    given(RECEIVED).when(CloseInquiry(disposition=instead), by=AMSTERDAM).then(
        InquiryClosed(on=TODAY, disposition=instead)
    )
    given(RECEIVED, OPENED).when(CloseInquiry(disposition=instead), by=AMSTERDAM).refused(InquiryMustConclude)


def test_the_ends_on_offer_are_those_that_suit() -> None:
    """The findings once an inquiry was opened, and before that what is done instead."""
    close = CloseInquiry(disposition=Disposition.VIOLATION)
    instead = set(given(RECEIVED).when(close, by=AMSTERDAM).choices["disposition"])
    findings = set(given(RECEIVED, OPENED).when(close, by=AMSTERDAM).choices["disposition"])

    assert findings == {Disposition.NO_VIOLATION, Disposition.PARTIAL_VIOLATION, Disposition.VIOLATION}
    assert instead == set(Disposition) - findings


@pytest.mark.parametrize(
    "command",
    [CALL, OPEN, CloseInquiry(disposition=Disposition.NOT_PURSUED)],
    ids=lambda command: type(command).__name__,
)
def test_nothing_happens_after_closing(command: Command[IntegrityInquiry]) -> None:
    """A closed case is closed, and nothing is offered on it."""
    given(RECEIVED, CLOSED).when(command, by=AMSTERDAM).refused(InquiryIsClosed)
    assert given(RECEIVED).when(command, by=AMSTERDAM).ready
    assert not given(RECEIVED, CLOSED).when(command, by=AMSTERDAM).ready


@pytest.mark.parametrize(
    "command",
    [
        ConsultSteunpunt(stage=ConsultationStage.FIRST_CALL, on=TOMORROW),
        OpenInquiry(commissioner=Commissioner.MAYOR, on=TOMORROW),
        CloseInquiry(disposition=Disposition.NOT_PURSUED, on=TOMORROW),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nothing_is_done_tomorrow(command: Command[IntegrityInquiry]) -> None:
    """What is recorded has happened."""
    given(RECEIVED).when(command, by=AMSTERDAM).refused(DayInTheFuture)


RECEIVED_YESTERDAY = RECEIVED.model_copy(update={"received_on": YESTERDAY})
TWO_DAYS_AGO = date(2026, 3, 16)


@pytest.mark.parametrize(
    ("facts", "command"),
    [
        ((RECEIVED_YESTERDAY,), CALL),
        ((RECEIVED_YESTERDAY,), OPEN),
        ((RECEIVED_YESTERDAY,), CloseInquiry(disposition=Disposition.NOT_PURSUED)),
    ],
    ids=["call", "open", "close"],
)
def test_nothing_is_done_before_the_signal(facts: tuple[Fact, ...], command: Command[IntegrityInquiry]) -> None:
    """On the same day at the earliest."""
    given(*facts).when(command.model_copy(update={"on": TWO_DAYS_AGO}), by=AMSTERDAM).refused(DayTooEarly)
    assert given(*facts).when(command.model_copy(update={"on": YESTERDAY}), by=AMSTERDAM).outcome()


@pytest.mark.parametrize(
    ("facts", "disposition"),
    [
        ((RECEIVED_YESTERDAY, CALLED), Disposition.NOT_PURSUED),
        ((RECEIVED_YESTERDAY, SPOKEN), Disposition.NOT_PURSUED),
        ((RECEIVED_YESTERDAY, OPENED), Disposition.VIOLATION),
    ],
    ids=["called", "spoken", "opened"],
)
def test_a_case_is_not_closed_before_what_happened_in_it(facts: tuple[Fact, ...], disposition: Disposition) -> None:
    """Neither before a conversation with the steunpunt nor before the inquiry."""
    close = CloseInquiry(disposition=disposition, on=YESTERDAY)

    given(*facts).when(close, by=AMSTERDAM).refused(DayTooEarly)
    given(*facts).when(close.model_copy(update={"on": TODAY}), by=AMSTERDAM).then(
        InquiryClosed(on=TODAY, disposition=disposition)
    )


def test_the_state_shows_the_whole_course() -> None:
    """What the facts add up to."""
    finding = InquiryClosed(on=TODAY, disposition=Disposition.VIOLATION)

    inquiry = INTEGRITY_INQUIRY.replay([RECEIVED, CALLED, SPOKEN, OPENED, finding])
    assert (inquiry.first_call, inquiry.second_conversation, inquiry.opened, inquiry.closed) == (TODAY,) * 4
    assert (inquiry.commissioner, inquiry.disposition) == (Commissioner.MAYOR, Disposition.VIOLATION)
    assert inquiry.received_on == date(2026, 3, 18)
