"""What can happen in a threat case?"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from domain.basis import Command, DayInTheFuture, Grant, NothingCorrected, Party, Role, UnknownBody
from domain.people import Office, PersonDetails, Statement, Subject
from domain.rules.offices import OfficeNotOfThisBody
from domain.threat_case import (
    REPORTED_WITHIN,
    THREAT_CASE,
    Aangifte,
    AangifteAlreadyFiled,
    AangifteAlreadyWaived,
    AangifteBy,
    AangifteFiled,
    AangifteWaived,
    AddVptCode,
    Aftercare,
    AftercareAlreadyOffered,
    AftercareOffered,
    AlreadyAssessed,
    AlreadyHandling,
    AssessThreat,
    Axes,
    BeforeTheThreat,
    CallBackInThePast,
    CallBackPlanned,
    CallNoted,
    Capacity,
    CaseHandedOver,
    CaseTaken,
    CloseThreatCase,
    ClosingReason,
    CorrectReport,
    DangerNotExplained,
    DangerPassed,
    EndDanger,
    FileAangifte,
    Form,
    HandOverCase,
    NoAangifteReason,
    NobodyHandles,
    NoDangerNow,
    NoteCall,
    NothingAssessed,
    NotifyPolice,
    Offender,
    OfferAftercare,
    PlanCallBack,
    PoliceAlreadyNotified,
    PoliceNotified,
    PoliceNotNotified,
    ReopenThreatCase,
    ReportCorrected,
    ReportThreat,
    SecurityAdviceSought,
    Severity,
    TakeCase,
    ThreatAssessed,
    ThreatCase,
    ThreatCaseClosed,
    ThreatCaseIsClosed,
    ThreatCaseIsOpen,
    ThreatCaseReopened,
    ThreatReported,
    VptCodeAdded,
    VptCodeAlreadyKnown,
    WaiveAangifte,
    grants,
)
from domain.values import Sealed
from tests.domain.scenario import (
    AMSTERDAM,
    AUDITOR,
    BVA,
    COLLEAGUE,
    FIRST,
    NOW,
    SECOND,
    TEAM,
    THE_HAGUE,
    TODAY,
    TOMORROW,
    YESTERDAY,
    actor,
    given,
)

PHONE = "+31201234567"
REPORTED = ThreatReported(
    number="DR-2026-000001",
    owner=TEAM.organisation,
    owner_role=Role.SUPPORT_TEAM,
    body="gm0363",
    office=Office.WETHOUDER,
    danger_now=True,
    reporter=Subject(subject=FIRST, phone=PHONE),
    reported_on=TODAY,
    handler=TEAM.person,
)
BY_BODY = REPORTED.model_copy(update={"owner": AMSTERDAM.organisation, "owner_role": Role.PUBLIC_BODY, "handler": None})
ABOUT_VICTIM = REPORTED.model_copy(update={"victim": Subject(subject=SECOND, name="A. de Vries")})
CLOSED = ThreatCaseClosed(reason=ClosingReason.RESOLVED)
PASSED = DangerPassed(on=TODAY)
NEXT_SHIFT = actor("noor", "ondersteuningsteam", Role.SUPPORT_TEAM)
SOON = NOW + timedelta(hours=9)
NOTE = Statement(subject=FIRST, text="Belt morgen terug.")
REPORT = ReportThreat(body="gm0363", office=Office.WETHOUDER, call_back_number=PHONE, danger_now=True)


# --- reporting --------------------------------------------------------------------------------------------------------


def test_four_fields_suffice_for_a_report() -> None:
    """At 23:00 body, office, call-back number and danger are enough."""
    given().when(REPORT, by=TEAM).then(REPORTED)


def test_a_report_can_tell_everything_at_once() -> None:
    """The victim is a subject of its own, and the words are about the victim."""
    told = ReportThreat(
        body="gm0363",
        office=Office.RAADSLID,
        call_back_number="(020) 123-4567",
        danger_now=False,
        capacity=Capacity.COLLEAGUE,
        reporter_name="B. Bakker",
        victim=PersonDetails(name="A. de Vries"),
        account="Stond voor de deur.",
        began_on=YESTERDAY,
        axes=Axes(form=Form.STALKING),
        external_reference="Z-17",
    )

    given().when(told, by=AMSTERDAM).then(
        ThreatReported(
            number="DR-2026-000001",
            owner=AMSTERDAM.organisation,
            owner_role=Role.PUBLIC_BODY,
            body="gm0363",
            office=Office.RAADSLID,
            danger_now=False,
            capacity=Capacity.COLLEAGUE,
            reporter=Subject(subject=FIRST, name="B. Bakker", phone=PHONE),
            victim=Subject(subject=SECOND, name="A. de Vries"),
            account=Statement(subject=SECOND, text="Stond voor de deur."),
            reported_on=TODAY,
            began_on=YESTERDAY,
            axes=Axes(form=Form.STALKING),
            external_reference="Z-17",
        )
    )


def test_without_a_victim_the_words_are_about_the_reporter() -> None:
    """Free text always has a subject under whose key it is sealed."""
    told = REPORT.model_copy(update={"account": "Er ligt iets voor de deur."})

    given().when(told, by=TEAM).then(
        REPORTED.model_copy(update={"account": Statement(subject=FIRST, text="Er ligt iets voor de deur.")})
    )


def test_whoever_takes_the_call_handles_the_case() -> None:
    """At the support team; what a body registers waits until somebody takes it."""
    given().when(REPORT, by=NEXT_SHIFT).then(REPORTED.model_copy(update={"handler": NEXT_SHIFT.person}))
    given().when(REPORT, by=AMSTERDAM).then(BY_BODY)


def test_a_report_of_before_cases_had_handlers_is_still_read() -> None:
    """It says nothing about who handles it."""
    stored = REPORTED.model_dump_json(exclude={"handler"})

    assert THREAT_CASE.replay([ThreatReported.model_validate_json(stored)]).handler is None


def test_a_body_that_no_longer_exists_cannot_be_reported_on() -> None:
    """Weesp became part of Amsterdam on 24 March 2022."""
    about_weesp = REPORT.model_copy(update={"body": "gm0457"})

    given().when(about_weesp, by=TEAM).refused(UnknownBody)
    given().when(about_weesp, by=TEAM, at=datetime(2022, 3, 23, 22, 59, tzinfo=UTC)).then(
        REPORTED.model_copy(update={"body": "gm0457", "number": "DR-2022-000001", "reported_on": date(2022, 3, 23)})
    )


def test_the_day_begins_at_midnight_in_the_netherlands() -> None:
    """At 23:00 UTC in winter it is the next day in Weesp."""
    about_weesp = REPORT.model_copy(update={"body": "gm0457"})

    given().when(about_weesp, by=TEAM, at=datetime(2022, 3, 23, 23, 0, tzinfo=UTC)).refused(UnknownBody)


def test_a_public_body_reports_its_own_incidents_only() -> None:
    """The support team reports for any body, a body for itself, others not at all."""
    given().when(REPORT, by=THE_HAGUE).forbidden()
    given().when(REPORT, by=BVA).forbidden()


def test_a_case_exists_for_its_owner_only() -> None:
    """Also the body concerned does not learn of a case of the support team; another body does not learn of either."""
    take = TakeCase()

    given(REPORTED).when(take, by=AMSTERDAM).unknown()
    given(BY_BODY).when(take, by=TEAM).unknown()
    given(BY_BODY).when(take, by=THE_HAGUE).unknown()
    given(BY_BODY).when(take, by=COLLEAGUE).then(CaseTaken(handler=COLLEAGUE.person))
    given(BY_BODY).when(take, by=AUDITOR).forbidden()


def test_nobody_is_party_before_the_report() -> None:
    """An empty case grants nothing."""
    assert grants(ThreatCase()) == frozenset()
    assert grants(THREAT_CASE.replay([REPORTED])) == {
        Grant(party=Party.OWNER, role=Role.SUPPORT_TEAM, organisation=TEAM.organisation)
    }


# --- assessing and correcting -----------------------------------------------------------------------------------------


def test_an_assessment_adds_to_what_was_said_before() -> None:
    """Axes that it leaves open keep their value."""
    first = ThreatAssessed(axes=Axes(form=Form.THREAT, severity=Severity.SERIOUS))
    second = AssessThreat(axes=Axes(severity=Severity.VERY_SERIOUS))

    given(REPORTED, first).when(second, by=TEAM).then(ThreatAssessed(axes=Axes(severity=Severity.VERY_SERIOUS)))

    case = THREAT_CASE.replay([REPORTED, first, ThreatAssessed(axes=second.axes)])
    assert case.axes == Axes(form=Form.THREAT, severity=Severity.VERY_SERIOUS)


def test_an_assessment_says_something() -> None:
    """At least one axis is filled."""
    given(REPORTED).when(AssessThreat(axes=Axes()), by=TEAM).refused(NothingAssessed)


def test_an_assessment_says_something_new() -> None:
    """Sent twice it is recorded once; what was said before can come with something else, and can come back."""
    serious = AssessThreat(axes=Axes(form=Form.THREAT, severity=Severity.SERIOUS))
    assessed = ThreatAssessed(axes=serious.axes)
    part = AssessThreat(axes=Axes(severity=Severity.SERIOUS))
    more = AssessThreat(axes=Axes(severity=Severity.SERIOUS, offender=Offender.GROUP))
    worse = ThreatAssessed(axes=Axes(severity=Severity.VERY_SERIOUS))

    given(REPORTED, assessed).when(serious, by=TEAM).refused(AlreadyAssessed)
    given(REPORTED, assessed).when(part, by=NEXT_SHIFT).refused(AlreadyAssessed)
    given(REPORTED, assessed).when(more, by=TEAM).then(ThreatAssessed(axes=more.axes))
    given(REPORTED, assessed, worse).when(serious, by=TEAM).then(assessed)


def test_an_offender_may_be_a_group_that_nobody_knows() -> None:
    """Whether it is known who does it, and what kind of offender it is, are two questions; no is an answer."""
    unknown = AssessThreat(axes=Axes(offender_known=False))
    group = ThreatAssessed(axes=Axes(offender=Offender.GROUP))

    given(REPORTED).when(unknown, by=TEAM).then(ThreatAssessed(axes=unknown.axes))

    case = THREAT_CASE.replay([REPORTED, ThreatAssessed(axes=unknown.axes), group])
    assert case.axes == Axes(offender_known=False, offender=Offender.GROUP)


def test_a_correction_changes_what_the_case_says() -> None:
    """The reporter stays the same person, with another number."""
    correction = CorrectReport(reason="Verkeerd verstaan.", office=Office.RAADSLID, call_back_number="0612345678")
    corrected = ReportCorrected(
        reason=Statement(subject=FIRST, text="Verkeerd verstaan."),
        office=Office.RAADSLID,
        reporter=Subject(subject=FIRST, phone="+31612345678"),
    )

    given(REPORTED).when(correction, by=TEAM).then(corrected)

    case = THREAT_CASE.replay([REPORTED, corrected])
    assert (case.office, case.body, case.danger_now) == (Office.RAADSLID, "gm0363", True)
    assert case.reporter == Subject(subject=FIRST, phone="+31612345678")


def test_a_correction_can_take_danger_away() -> None:
    """False is a statement, not an absence."""
    correction = CorrectReport(reason="Loos alarm.", danger_now=False)
    corrected = ReportCorrected(reason=Statement(subject=SECOND, text="Loos alarm."), danger_now=False)

    given(ABOUT_VICTIM).when(correction, by=TEAM).then(corrected)

    assert not THREAT_CASE.replay([ABOUT_VICTIM, corrected]).danger_now


def test_a_correction_corrects_something() -> None:
    """Neither a reason alone is a correction, nor what was said already; a number is sealed, and taken for another."""
    again = CorrectReport(reason="Nog eens.", office=REPORTED.office, danger_now=True)
    number = again.model_copy(update={"call_back_number": PHONE})
    sealed = REPORTED.model_copy(update={"reporter": Subject(subject=FIRST, phone=Sealed("x"))})

    given(REPORTED).when(CorrectReport(reason="Zomaar."), by=TEAM).refused(NothingCorrected)
    given(REPORTED).when(again, by=TEAM).refused(NothingCorrected)
    assert given(sealed).when(number, by=TEAM).outcome()


def test_a_closed_case_can_be_corrected() -> None:
    """What turns out wrong afterwards is put right too."""
    correction = CorrectReport(reason="Tikfout.", body="gm0518")
    corrected = ReportCorrected(reason=Statement(subject=FIRST, text="Tikfout."), body="gm0518")

    given(REPORTED, CLOSED).when(correction, by=TEAM).then(corrected)


def test_a_correction_names_a_body_that_exists() -> None:
    """As a report does."""
    given(REPORTED).when(CorrectReport(reason="Weesp.", body="gm0457"), by=TEAM).refused(UnknownBody)


def test_the_body_has_the_office() -> None:
    """In a report, and in what a correction makes of it; also where the body is no more."""
    in_weesp = REPORTED.model_copy(update={"body": "gm0457"})
    correct = CorrectReport(reason="Provincie.", body="pv27")
    both = correct.model_copy(update={"office": Office.GEDEPUTEERDE})

    given().when(REPORT.model_copy(update={"office": Office.GEDEPUTEERDE}), by=TEAM).refused(OfficeNotOfThisBody)
    given(REPORTED).when(correct, by=TEAM).refused(OfficeNotOfThisBody)
    given(REPORTED).when(CorrectReport(reason="Gedeputeerde.", office=Office.GEDEPUTEERDE), by=TEAM).refused(
        OfficeNotOfThisBody
    )
    given(REPORTED).when(both, by=TEAM).then(
        ReportCorrected(reason=Statement(subject=FIRST, text="Provincie."), body="pv27", office=Office.GEDEPUTEERDE)
    )
    given(in_weesp).when(CorrectReport(reason="Raadslid.", office=Office.RAADSLID), by=TEAM).then(
        ReportCorrected(reason=Statement(subject=FIRST, text="Raadslid."), office=Office.RAADSLID)
    )


def test_a_public_body_cannot_move_an_incident_to_another_body() -> None:
    """It could not have reported it there either."""
    given(BY_BODY).when(CorrectReport(reason="Niet hier.", body="gm0518"), by=AMSTERDAM).forbidden()


# --- handling ---------------------------------------------------------------------------------------------------------


def test_a_case_is_taken_by_whoever_asks() -> None:
    """Also from a colleague, who no longer handles it then; nobody takes what they have."""
    given(BY_BODY).when(TakeCase(), by=AMSTERDAM).then(CaseTaken(handler=AMSTERDAM.person))
    given(BY_BODY, CaseTaken(handler=AMSTERDAM.person)).when(TakeCase(), by=COLLEAGUE).then(
        CaseTaken(handler=COLLEAGUE.person)
    )
    given(REPORTED).when(TakeCase(), by=TEAM).refused(AlreadyHandling)

    assert THREAT_CASE.replay([REPORTED, CaseTaken(handler=NEXT_SHIFT.person)]).handler == NEXT_SHIFT.person


def test_a_case_is_handed_over_with_a_note_that_stands_until_somebody_takes_it() -> None:
    """In between nobody handles it."""
    handed_over = CaseHandedOver(note=NOTE)
    hand_over = HandOverCase(note=NOTE.text)
    taken = CaseTaken(handler=NEXT_SHIFT.person)

    given(REPORTED).when(hand_over, by=TEAM).then(handed_over)
    given(REPORTED, handed_over).when(hand_over, by=TEAM).refused(NobodyHandles)
    given(REPORTED, handed_over).when(TakeCase(), by=NEXT_SHIFT).then(taken)
    given(REPORTED, handed_over).when(TakeCase(), by=TEAM).then(CaseTaken(handler=TEAM.person))

    waiting, going_on = THREAT_CASE.replay([REPORTED, handed_over]), THREAT_CASE.replay([REPORTED, handed_over, taken])
    assert (waiting.handler, waiting.hand_over) == (None, NOTE)
    assert (going_on.handler, going_on.hand_over) == (NEXT_SHIFT.person, None)


def test_an_appointment_outlives_a_hand_over() -> None:
    """Unless the hand-over makes another one."""
    later = SOON + timedelta(hours=1)
    planned = CallBackPlanned(at=SOON)

    given(REPORTED, planned).when(HandOverCase(note=NOTE.text, call_back_at=later), by=TEAM).then(
        CaseHandedOver(note=NOTE, call_back_at=later)
    )

    assert THREAT_CASE.replay([REPORTED, planned, CaseHandedOver(note=NOTE)]).call_back_at == SOON
    assert THREAT_CASE.replay([REPORTED, planned, CaseHandedOver(note=NOTE, call_back_at=later)]).call_back_at == later


def test_a_call_is_noted_and_its_appointment_done() -> None:
    """Unless there is a new one; the notes are about the victim, where there is one."""
    about_victim = Statement(subject=SECOND, text="Durft niet naar buiten.")
    noted = CallNoted(note=about_victim)
    again = CallNoted(note=about_victim, call_back_at=SOON)

    given(ABOUT_VICTIM).when(NoteCall(note=about_victim.text), by=TEAM).then(noted)
    given(ABOUT_VICTIM, noted).when(NoteCall(note=about_victim.text, call_back_at=SOON), by=TEAM).then(again)

    assert THREAT_CASE.replay([ABOUT_VICTIM, again]).call_back_at == SOON
    case = THREAT_CASE.replay([ABOUT_VICTIM, again, noted])
    assert (case.call_back_at, case.call_notes) == (None, (about_victim, about_victim))


def test_a_call_back_is_planned_anew() -> None:
    """The last appointment holds."""
    later = SOON + timedelta(hours=1)

    given(REPORTED, CallBackPlanned(at=SOON)).when(PlanCallBack(at=later), by=TEAM).then(CallBackPlanned(at=later))

    assert THREAT_CASE.replay([REPORTED, CallBackPlanned(at=SOON), CallBackPlanned(at=later)]).call_back_at == later


def test_nobody_is_called_back_in_the_past() -> None:
    """This very moment will do."""
    past = NOW - timedelta(seconds=1)

    given(REPORTED).when(PlanCallBack(at=NOW), by=TEAM).then(CallBackPlanned(at=NOW))
    for command in (
        PlanCallBack(at=past),
        NoteCall(note=NOTE.text, call_back_at=past),
        HandOverCase(note=NOTE.text, call_back_at=past),
    ):
        given(REPORTED).when(command, by=TEAM).refused(CallBackInThePast)


# --- danger -----------------------------------------------------------------------------------------------------------


def test_danger_passes_once() -> None:
    """What nobody fears cannot pass; a correction can bring it back."""
    passed = PASSED
    again = ReportCorrected(reason=NOTE, danger_now=True)

    given(REPORTED).when(EndDanger(), by=TEAM).then(passed)
    given(REPORTED).when(EndDanger(on=YESTERDAY), by=TEAM).then(DangerPassed(on=YESTERDAY))
    given(REPORTED).when(EndDanger(on=TOMORROW), by=TEAM).refused(DayInTheFuture)
    given(REPORTED, passed).when(EndDanger(), by=TEAM).refused(NoDangerNow)
    given(REPORTED, passed, again).when(EndDanger(), by=TEAM).then(passed)

    assert THREAT_CASE.replay([REPORTED, passed]).danger_now is False


def test_whoever_is_threatened_is_the_victim_or_a_reporter_who_says_so() -> None:
    """Who reports for somebody else is not, and of nobody in person there is none."""
    for_themselves = REPORTED.model_copy(update={"capacity": Capacity.VICTIM})

    assert THREAT_CASE.replay([ABOUT_VICTIM]).threatened == ABOUT_VICTIM.victim
    assert THREAT_CASE.replay([for_themselves]).threatened == REPORTED.reporter
    assert THREAT_CASE.replay([REPORTED]).threatened is None


# --- police and aangifte ----------------------------------------------------------------------------------------------


def test_the_police_are_notified_once() -> None:
    """By default today; a missing VPT code is not the same as none."""
    notified = PoliceNotified(on=TODAY)

    given(REPORTED).when(NotifyPolice(), by=TEAM).then(notified)
    given(REPORTED, notified).when(NotifyPolice(vpt_code=True), by=TEAM).refused(PoliceAlreadyNotified)


def test_nothing_is_done_tomorrow() -> None:
    """What has been done lies in the past."""
    given(REPORTED).when(NotifyPolice(on=TOMORROW), by=TEAM).refused(DayInTheFuture)
    given(REPORTED).when(FileAangifte(by=AangifteBy.VICTIM, on=TOMORROW), by=TEAM).refused(DayInTheFuture)
    given(REPORTED).when(NotifyPolice(on=YESTERDAY), by=TEAM).then(PoliceNotified(on=YESTERDAY))


def done_on(day: date) -> list[Command[ThreatCase]]:
    """Return what can still have been done about a threat on a *day* where an aangifte has been filed."""
    return [NotifyPolice(on=day), EndDanger(on=day), AddVptCode(on=day)]


def test_nothing_was_done_about_a_threat_before_it_began() -> None:
    """The police may know of it before it was reported to us, but not before it happened."""
    month_ago = TODAY - REPORTED_WITHIN
    long_ago = date(2025, 1, 31)
    filed = AangifteFiled(on=TODAY, by=AangifteBy.ON_BEHALF)
    reported = (REPORTED, filed)
    began = (REPORTED.model_copy(update={"began_on": long_ago}), filed)
    only_then = (REPORTED.model_copy(update={"began_on": TODAY}), filed)

    for command in done_on(long_ago):
        given(*began).when(command, by=TEAM).outcome()
        given(*reported).when(command, by=TEAM).refused(BeforeTheThreat)
    for command in done_on(YESTERDAY):
        given(*reported).when(command, by=TEAM).outcome()
        given(*only_then).when(command, by=TEAM).refused(BeforeTheThreat)
    given(REPORTED).when(FileAangifte(by=AangifteBy.VICTIM, on=long_ago), by=TEAM).refused(BeforeTheThreat)
    given(REPORTED).when(NotifyPolice(on=month_ago), by=TEAM).then(PoliceNotified(on=month_ago))
    given(REPORTED).when(NotifyPolice(on=month_ago - timedelta(days=1)), by=TEAM).refused(BeforeTheThreat)


def test_of_a_report_without_a_day_nothing_is_known_that_could_forbid_it() -> None:
    """Reports of before did not say on which day they came in."""
    stored = REPORTED.model_dump_json(exclude={"reported_on"})
    before = ThreatReported.model_validate_json(stored)

    given(before).when(NotifyPolice(on=date(2020, 1, 1)), by=TEAM).then(PoliceNotified(on=date(2020, 1, 1)))
    given(before).when(CorrectReport(reason="Gisteren.", began_on=YESTERDAY), by=TEAM).then(
        ReportCorrected(reason=Statement(subject=FIRST, text="Gisteren."), began_on=YESTERDAY)
    )


def test_since_when_it_has_been_going_on_can_be_corrected() -> None:
    """Then what was done earlier can be recorded; it did not begin after anything that is recorded already."""
    long_ago = date(2025, 1, 31)
    correction = CorrectReport(reason="Het speelt al langer.", began_on=long_ago)
    corrected = ReportCorrected(reason=Statement(subject=FIRST, text="Het speelt al langer."), began_on=long_ago)
    today = CorrectReport(reason="Vandaag pas.", began_on=TODAY)
    filed = AangifteFiled(on=YESTERDAY, by=AangifteBy.VICTIM)

    given(REPORTED).when(correction, by=TEAM).then(corrected)
    given(REPORTED, corrected).when(NotifyPolice(on=long_ago), by=TEAM).then(PoliceNotified(on=long_ago))
    given(REPORTED, corrected).when(correction, by=TEAM).refused(NothingCorrected)
    given(REPORTED, PoliceNotified(on=YESTERDAY)).when(today, by=TEAM).refused(BeforeTheThreat)
    given(REPORTED, filed).when(today, by=TEAM).refused(BeforeTheThreat)
    given(REPORTED.model_copy(update={"reported_on": YESTERDAY})).when(today, by=TEAM).refused(BeforeTheThreat)
    for command in (
        REPORT.model_copy(update={"began_on": TOMORROW}),
        CorrectReport(reason="Later.", began_on=TOMORROW),
    ):
        given(*([] if command.creates else [REPORTED])).when(command, by=TEAM).refused(DayInTheFuture)


def test_an_aangifte_is_filed_once() -> None:
    """And it can clear the warning about the VPT code."""
    filed = AangifteFiled(on=TODAY, by=AangifteBy.ON_BEHALF, vpt_code=True)

    given(REPORTED, PoliceNotified(on=TODAY, vpt_code=False)).when(
        FileAangifte(by=AangifteBy.ON_BEHALF, vpt_code=True), by=TEAM
    ).then(filed)
    given(REPORTED, filed).when(FileAangifte(by=AangifteBy.VICTIM), by=TEAM).refused(AangifteAlreadyFiled)

    assert THREAT_CASE.replay([REPORTED, PoliceNotified(on=TODAY, vpt_code=False), filed]).vpt_code is True
    assert THREAT_CASE.replay([REPORTED, filed, PoliceNotified(on=TODAY)]).vpt_code is True


@pytest.mark.parametrize("missing", [PoliceNotified(on=TODAY), PoliceNotified(on=TODAY, vpt_code=False)], ids=str)
def test_a_missing_vpt_code_is_added_later(missing: PoliceNotified) -> None:
    """That clears the warning, once; first the police have to know of it, notified or by an aangifte."""
    added = VptCodeAdded(on=TODAY)
    filed = AangifteFiled(on=YESTERDAY, by=AangifteBy.VICTIM)

    given(REPORTED).when(AddVptCode(), by=TEAM).refused(PoliceNotNotified)
    given(REPORTED, missing).when(AddVptCode(), by=TEAM).then(added)
    given(REPORTED, filed).when(AddVptCode(on=YESTERDAY), by=TEAM).then(VptCodeAdded(on=YESTERDAY))
    given(REPORTED, missing).when(AddVptCode(on=TOMORROW), by=TEAM).refused(DayInTheFuture)
    given(REPORTED, missing, added).when(AddVptCode(), by=TEAM).refused(VptCodeAlreadyKnown)
    given(REPORTED, PoliceNotified(on=TODAY, vpt_code=True)).when(AddVptCode(), by=TEAM).refused(VptCodeAlreadyKnown)

    lacking = [THREAT_CASE.replay(facts).lacks_vpt_code for facts in ([REPORTED], [REPORTED, missing])]
    assert lacking == [False, True]
    assert not THREAT_CASE.replay([REPORTED, missing, CLOSED]).lacks_vpt_code
    assert not THREAT_CASE.replay([REPORTED, missing, added]).lacks_vpt_code
    assert THREAT_CASE.replay([REPORTED, missing, added]).vpt_code is True


def test_a_waived_aangifte_can_still_be_filed() -> None:
    """Who had given up may reconsider."""
    waived = AangifteWaived(reason=NoAangifteReason.FEAR)
    filed = AangifteFiled(on=TODAY, by=AangifteBy.VICTIM)

    given(REPORTED).when(WaiveAangifte(reason=NoAangifteReason.FEAR), by=TEAM).then(waived)
    given(REPORTED, waived).when(FileAangifte(by=AangifteBy.VICTIM), by=TEAM).then(filed)

    assert THREAT_CASE.replay([REPORTED, waived, filed]).aangifte == Aangifte(filed=TODAY, by=AangifteBy.VICTIM)


def test_an_aangifte_is_waived_once_and_not_after_it_was_filed() -> None:
    """What has been filed is filed."""
    waive = WaiveAangifte(reason=NoAangifteReason.OTHER)

    given(REPORTED, AangifteWaived(reason=NoAangifteReason.FEAR)).when(waive, by=TEAM).refused(AangifteAlreadyWaived)
    given(REPORTED, AangifteFiled(on=TODAY, by=AangifteBy.VICTIM)).when(waive, by=TEAM).refused(AangifteAlreadyFiled)


# --- aftercare, closing -----------------------------------------------------------------------------------------------


def test_each_kind_of_aftercare_is_offered_once() -> None:
    """Different kinds go together."""
    offered = AftercareOffered(care=Aftercare.DEBRIEFING)

    given(REPORTED, offered).when(OfferAftercare(care=Aftercare.FAMILY), by=TEAM).then(
        AftercareOffered(care=Aftercare.FAMILY)
    )
    given(REPORTED, offered).when(OfferAftercare(care=Aftercare.DEBRIEFING), by=TEAM).refused(AftercareAlreadyOffered)


def test_only_care_that_has_not_been_offered_is_a_choice() -> None:
    """When all of it has been, there is nothing to offer."""
    offer = OfferAftercare(care=Aftercare.FAMILY)
    offered = [AftercareOffered(care=care) for care in Aftercare]
    all_but_one = given(REPORTED, *offered[1:]).when(offer, by=TEAM)

    assert all_but_one.ready
    assert all_but_one.choices == {"care": (offered[0].care,)}
    assert not given(REPORTED, *offered).when(offer, by=TEAM).ready


@pytest.mark.parametrize(
    "command",
    [
        AssessThreat(axes=Axes(form=Form.VERBAL)),
        EndDanger(),
        TakeCase(),
        HandOverCase(note=NOTE.text),
        NoteCall(note=NOTE.text),
        PlanCallBack(at=SOON),
        NotifyPolice(),
        AddVptCode(),
        FileAangifte(by=AangifteBy.VICTIM),
        WaiveAangifte(reason=NoAangifteReason.OTHER),
        OfferAftercare(care=Aftercare.DEBRIEFING),
        CloseThreatCase(reason=ClosingReason.RESOLVED),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_closed_case_takes_nothing_but_corrections(command: Command[ThreatCase]) -> None:
    """Reopen it first."""
    given(REPORTED, CLOSED).when(command, by=TEAM).refused(ThreatCaseIsClosed)


def test_a_closed_case_can_be_reopened() -> None:
    """The reason is about the victim, where there is one."""
    reopened = ThreatCaseReopened(reason=Statement(subject=SECOND, text="Nieuwe brief."))

    given(ABOUT_VICTIM, CLOSED).when(ReopenThreatCase(reason="Nieuwe brief."), by=TEAM).then(reopened)
    given(REPORTED, PASSED, CLOSED, reopened).when(CloseThreatCase(reason=ClosingReason.TRANSFERRED), by=TEAM).then(
        ThreatCaseClosed(reason=ClosingReason.TRANSFERRED)
    )


def test_nobody_is_left_in_danger_without_a_word() -> None:
    """Only then a reason from the list is not enough; when danger has passed, words may still be added."""
    close = CloseThreatCase(reason=ClosingReason.NO_FURTHER_HELP)
    told = close.model_copy(update={"explanation": "Is nu onder de hoede van de politie."})
    why = Statement(subject=SECOND, text="Is nu onder de hoede van de politie.")
    closed = ThreatCaseClosed(reason=ClosingReason.NO_FURTHER_HELP, explanation=why)

    given(ABOUT_VICTIM).when(close, by=TEAM).refused(DangerNotExplained)
    given(ABOUT_VICTIM).when(told, by=TEAM).then(closed)
    given(ABOUT_VICTIM, PASSED).when(close, by=TEAM).then(ThreatCaseClosed(reason=ClosingReason.NO_FURTHER_HELP))
    given(ABOUT_VICTIM, PASSED).when(told, by=TEAM).then(closed)

    assert given(ABOUT_VICTIM).when(close, by=TEAM).needed == {"explanation"}
    assert given(ABOUT_VICTIM, PASSED).when(close, by=TEAM).needed == set()
    assert THREAT_CASE.replay([ABOUT_VICTIM, closed]).closing_explanation == why
    reopened = ThreatCaseReopened(reason=NOTE)
    assert THREAT_CASE.replay([ABOUT_VICTIM, closed, reopened]).closing_explanation is None


def test_an_open_case_cannot_be_reopened() -> None:
    """Only what is closed can."""
    given(REPORTED).when(ReopenThreatCase(reason="Zomaar."), by=TEAM).refused(ThreatCaseIsOpen)


def test_a_case_keeps_the_numbers_of_the_advice_sought_from_it() -> None:
    """A request for security advice records itself here too."""
    sought = SecurityAdviceSought(advice=UUID(int=7), number="BA-2026-000001")

    assert THREAT_CASE.replay([REPORTED, sought]).security_advice == ("BA-2026-000001",)


def test_a_case_knows_the_day_of_its_tracks() -> None:
    """What the state says is what a replay prints."""
    day = date(2026, 3, 1)
    case = THREAT_CASE.replay([REPORTED, PoliceNotified(on=day), AftercareOffered(care=Aftercare.EMPLOYER), CLOSED])

    assert (case.police_notified, case.aftercare, case.closed) == (
        day,
        (Aftercare.EMPLOYER,),
        ClosingReason.RESOLVED,
    )
