"""What can happen from the request for security advice to an installed measure?"""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from domain.basis import (
    Actor,
    Command,
    DayInTheFuture,
    DayTooEarly,
    Elsewhere,
    Fact,
    Grant,
    OrganisationId,
    Party,
    Refusal,
    Role,
    UnknownBody,
)
from domain.people import Office, PersonDetails, Statement, Subject
from domain.rules.home_security import Regime
from domain.rules.offices import OfficeNotOfThisBody
from domain.security_advice import (
    SECURITY_ADVICE,
    AdoptAdvice,
    AdviceAdopted,
    AdviceAlreadyAdopted,
    AdviceAlreadyGiven,
    AdviceDrafted,
    AdviceGiven,
    AdviceNotAdopted,
    AdviceNotGiven,
    AdviceRequested,
    AdvisedMeasure,
    BeforeTheFirstRegime,
    CancelMeasure,
    CancelReason,
    DeclineMeasure,
    DeclineReason,
    DraftAdvice,
    GiveAdvice,
    Home,
    HomeAlreadyVisited,
    HomeVisited,
    InstallerCannotVerify,
    InstallMeasure,
    Measure,
    MeasureAlreadyInstalled,
    MeasureAlreadyOrdered,
    MeasureAlreadyVerified,
    MeasureCancelled,
    MeasureDeclined,
    MeasureHasEnded,
    MeasureInstalled,
    MeasureKind,
    MeasureNotInstalled,
    MeasureNotOrdered,
    MeasureOrdered,
    MeasureRemoved,
    MeasureStatus,
    MeasureUnknown,
    MeasureVerified,
    OfficeNotEntitled,
    OrderMeasure,
    ProposedMeasure,
    RecordHomeVisit,
    RegimeKnowsNoAdvice,
    RemovalReason,
    RemoveMeasure,
    RequestAdvice,
    SecurityAdvice,
    VerifyMeasure,
    Visitor,
    VisitReported,
    grants,
)
from domain.threat_case import (
    THREAT_CASE,
    ClosingReason,
    SecurityAdviceSought,
    ThreatCaseClosed,
    ThreatCaseIsClosed,
    ThreatReported,
)
from tests.domain.scenario import (
    AMSTERDAM,
    BVA,
    CCV,
    COLLEAGUE,
    FIRST,
    SECOND,
    STEUNPUNT,
    STREAM,
    TEAM,
    THE_HAGUE,
    TODAY,
    TOMORROW,
    YESTERDAY,
    given,
)

ADDRESS = "Keizersgracht 1, Amsterdam"
REQUEST = RequestAdvice(
    body="gm0363", office=Office.BURGEMEESTER, holder=PersonDetails(name="A. de Vries"), address=ADDRESS
)
REQUESTED = AdviceRequested(
    number="BA-2026-000001",
    owner=OrganisationId("gm0363"),
    requester=TEAM.organisation,
    requester_role=Role.SUPPORT_TEAM,
    body="gm0363",
    office=Office.BURGEMEESTER,
    holder=Subject(subject=FIRST, name="A. de Vries"),
    home=Home(subject=SECOND, address=ADDRESS),
    requested_on=TODAY,
    regime=Regime.PROVISION_2024,
)
REIMBURSED = REQUESTED.model_copy(update={"requested_on": date(2023, 12, 31), "regime": Regime.REIMBURSEMENT_2021})
ADVISED = (
    AdvisedMeasure(number=1, kind=MeasureKind.PHYSICAL, one_off_cents=45_000, recurring_cents_per_month=0),
    AdvisedMeasure(number=2, kind=MeasureKind.ELECTRONIC, one_off_cents=90_000, recurring_cents_per_month=5_000),
)
VISITED = HomeVisited(on=TODAY, visitor=Visitor.CCV)
REPORTED_VISIT = VisitReported(visitor=Visitor.CCV, report=Statement(subject=FIRST, text="Losse voordeur."))
DRAFTED = AdviceDrafted(on=TODAY, measures=ADVISED[:1])
GIVEN = AdviceGiven(on=TODAY, measures=ADVISED)
ADOPTED = AdviceAdopted(on=TODAY)
ORDERED = MeasureOrdered(measure=1, on=TODAY)
INSTALLED = MeasureInstalled(measure=1, on=TODAY, installer=AMSTERDAM.person)
VERIFIED = MeasureVerified(measure=1, on=TODAY)
DECLINED = MeasureDeclined(measure=1, reason=DeclineReason.OWNER_REFUSES)
CANCELLED = MeasureCancelled(measure=1, reason=CancelReason.INFEASIBLE)
REMOVED = MeasureRemoved(measure=1, on=TODAY, reason=RemovalReason.MOVED_HOME)

UP_TO_ADOPTION: tuple[Fact, ...] = (REQUESTED, GIVEN, ADOPTED)
UP_TO_ORDER: tuple[Fact, ...] = (*UP_TO_ADOPTION, ORDERED)
UP_TO_INSTALLATION: tuple[Fact, ...] = (*UP_TO_ORDER, INSTALLED)
UP_TO_VERIFICATION: tuple[Fact, ...] = (*UP_TO_INSTALLATION, VERIFIED)

SOME_MEASURE = (ProposedMeasure(kind=MeasureKind.DIGITAL, one_off_cents=0),)
NOTHING_MONTHLY = {"recurring_cents_per_month": 0}

ON_A_MEASURE: tuple[Command[SecurityAdvice], ...] = (
    OrderMeasure(measure=1),
    InstallMeasure(measure=1),
    VerifyMeasure(measure=1),
    DeclineMeasure(measure=1, reason=DeclineReason.DECLINED_BY_HOLDER),
    CancelMeasure(measure=1, reason=CancelReason.SUPERSEDED),
    RemoveMeasure(measure=1, reason=RemovalReason.REPLACED),
)


def name(value: object) -> str:
    """Name a parameter by its type."""
    return type(value).__name__


# --- requesting -------------------------------------------------------------------------------------------------------


def test_the_support_team_requests_advice_for_any_body() -> None:
    """The body owns the request from its first fact on; the team remains its requester."""
    given().when(REQUEST, by=TEAM).then(REQUESTED)


def test_a_public_body_requests_advice_for_its_own_office_holders_only() -> None:
    """Another body's are for the other body."""
    by_body = {"requester": AMSTERDAM.organisation, "requester_role": Role.PUBLIC_BODY}

    given().when(REQUEST, by=AMSTERDAM).then(REQUESTED.model_copy(update=by_body))
    given().when(REQUEST, by=THE_HAGUE).forbidden()
    given().when(REQUEST, by=BVA).forbidden()


def test_a_councillor_is_told_about_the_home_scan() -> None:
    """Raadsleden and Statenleden have no claim, and the refusal says what they do have."""
    for body, office in (
        ("gm0363", Office.RAADSLID),
        ("pv27", Office.STATENLID),
        ("gm0363", Office.CIVIL_SERVANT),
    ):
        request = REQUEST.model_copy(update={"body": body, "office": office})
        given().when(request, by=TEAM).refused(OfficeNotEntitled)

    assert "woningscan" in OfficeNotEntitled.sentence()


def test_advice_is_requested_for_an_office_that_the_body_has() -> None:
    """A municipality has no King's commissioner, who is entitled all the same."""
    given().when(REQUEST.model_copy(update={"office": Office.COMMISSARIS}), by=TEAM).refused(OfficeNotOfThisBody)


@pytest.mark.parametrize(
    ("day", "regime"),
    [
        (date(2021, 1, 1), Regime.REIMBURSEMENT_2021),
        (date(2023, 12, 31), Regime.REIMBURSEMENT_2021),
        (date(2024, 1, 1), Regime.PROVISION_2024),
    ],
    ids=str,
)
def test_the_day_of_the_request_chooses_the_rules(day: date, regime: Regime) -> None:
    """Not the day on which it is recorded."""
    request = REQUEST.model_copy(update={"requested_on": day})

    given().when(request, by=TEAM).then(REQUESTED.model_copy(update={"requested_on": day, "regime": regime}))


def test_there_were_no_rules_before_2021() -> None:
    """The first took effect on 1 January 2021."""
    request = REQUEST.model_copy(update={"requested_on": date(2020, 12, 31)})

    given().when(request, by=TEAM).refused(BeforeTheFirstRegime)


def test_nothing_was_requested_tomorrow() -> None:
    """The day of a request is not in the future."""
    given().when(REQUEST.model_copy(update={"requested_on": TOMORROW}), by=TEAM).refused(DayInTheFuture)


def test_the_body_exists_on_the_day_of_the_request() -> None:
    """Weesp could still be requested for in 2021, and no longer in 2026."""
    for_weesp = REQUEST.model_copy(update={"body": "gm0457"})
    in_2021 = for_weesp.model_copy(update={"requested_on": date(2021, 6, 1)})

    given().when(for_weesp, by=TEAM).refused(UnknownBody)
    given().when(in_2021, by=TEAM).then(
        REQUESTED.model_copy(
            update={
                "body": "gm0457",
                "owner": "gm0457",
                "requested_on": date(2021, 6, 1),
                "regime": Regime.REIMBURSEMENT_2021,
            }
        )
    )


# --- from a threat case -----------------------------------------------------------------------------------------------

THREAT = UUID(int=200)
REPORTED = ThreatReported(
    number="DR-2026-000009",
    owner=TEAM.organisation,
    owner_role=Role.SUPPORT_TEAM,
    body="gm0363",
    office=Office.BURGEMEESTER,
    danger_now=False,
    reporter=Subject(subject=FIRST),
)


def test_a_request_from_a_threat_case_is_recorded_there_too() -> None:
    """Both streams change together; the link stands in the threat case alone, of which the body may know nothing."""
    request = REQUEST.model_copy(update={"threat_case": THREAT})

    given().beside(THREAT_CASE, THREAT, REPORTED).when(request, by=TEAM).then(
        REQUESTED,
        Elsewhere(
            THREAT_CASE.stream(THREAT),
            SecurityAdviceSought(advice=STREAM, number="BA-2026-000001"),
        ),
    )


def test_a_closed_threat_case_takes_no_advice() -> None:
    """It is reopened first."""
    request = REQUEST.model_copy(update={"threat_case": THREAT})
    closed = ThreatCaseClosed(reason=ClosingReason.RESOLVED)

    given().beside(THREAT_CASE, THREAT, REPORTED, closed).when(request, by=TEAM).refused(ThreatCaseIsClosed)


# --- visit, advice, adoption ------------------------------------------------------------------------------------------


def test_each_visitors_visit_is_recorded_once() -> None:
    """The CCV and the security authority may both come."""
    of_ccv, of_bva = RecordHomeVisit(visitor=Visitor.CCV), RecordHomeVisit(visitor=Visitor.BVA)
    by_bva = HomeVisited(on=TODAY, visitor=Visitor.BVA)

    given(REQUESTED).when(of_ccv, by=CCV).then(VISITED)
    given(REQUESTED, VISITED).when(of_bva, by=BVA).then(by_bva)
    given(REQUESTED, VISITED).when(of_ccv, by=BVA).refused(HomeAlreadyVisited)
    given(REQUESTED, VISITED, by_bva).when(of_bva, by=CCV).refused(HomeAlreadyVisited)


def test_a_report_of_the_visit_is_a_fact_of_its_own() -> None:
    """Fewer may see it than the visit itself; it is about the office holder."""
    visit = RecordHomeVisit(visitor=Visitor.CCV, report="Losse voordeur.")

    given(REQUESTED).when(visit, by=CCV).then(VISITED, REPORTED_VISIT)
    assert SECURITY_ADVICE.replay([REQUESTED, VISITED, REPORTED_VISIT]).visit_reports == (REPORTED_VISIT,)


@pytest.mark.parametrize(
    ("command", "fact", "by"),
    [(DraftAdvice, AdviceDrafted, CCV), (GiveAdvice, AdviceGiven, BVA)],
    ids=["draft", "advice"],
)
def test_the_measures_are_numbered_in_the_order_of_the_advice(
    command: type[DraftAdvice | GiveAdvice], fact: type[AdviceDrafted | AdviceGiven], by: Actor
) -> None:
    """And their reasons are about the office holder; of a draft as of the advice itself."""
    advice = command(
        measures=(
            ProposedMeasure(kind=MeasureKind.PHYSICAL, one_off_cents=45_000, reason="Losse voordeur."),
            ProposedMeasure(kind=MeasureKind.ELECTRONIC, one_off_cents=90_000, recurring_cents_per_month=5_000),
        )
    )
    first, second = ADVISED
    reason = Statement(subject=FIRST, text="Losse voordeur.")

    given(REQUESTED).when(advice, by=by).then(
        fact(on=TODAY, measures=(first.model_copy(update={"reason": reason}), second))
    )


def test_a_newer_draft_replaces_the_one_before_until_the_advice_is_given() -> None:
    """The last one stays beside the advice, so that it can be told what was changed."""
    draft = DraftAdvice(measures=(ProposedMeasure(kind=MeasureKind.ELECTRONIC, one_off_cents=90_000),))
    newer = AdviceDrafted(on=TODAY, measures=(ADVISED[1].model_copy(update={"number": 1, **NOTHING_MONTHLY}),))

    given(REQUESTED, DRAFTED).when(draft, by=CCV).then(newer)
    given(REQUESTED, DRAFTED).when(draft, by=BVA).then(newer)
    given(REQUESTED, DRAFTED, GIVEN).when(draft, by=CCV).refused(AdviceAlreadyGiven)
    advice = SECURITY_ADVICE.replay([REQUESTED, DRAFTED, newer, GIVEN])
    assert (advice.drafted, advice.draft) == (TODAY, newer.measures)
    assert [measure.number for measure in advice.measures] == [1, 2]


def test_advice_is_given_once_and_by_the_security_authority() -> None:
    """With a draft or without; neither who drafts it nor the public body that pays fixes it."""
    advice = GiveAdvice(measures=(ProposedMeasure(kind=MeasureKind.PHYSICAL, one_off_cents=45_000),))
    fixed = AdviceGiven(on=TODAY, measures=ADVISED[:1])

    given(REQUESTED).when(advice, by=BVA).then(fixed)
    given(REQUESTED, VISITED, DRAFTED).when(advice, by=BVA).then(fixed)
    given(REQUESTED, GIVEN).when(advice, by=BVA).refused(AdviceAlreadyGiven)
    given(REQUESTED).when(advice, by=CCV).forbidden()
    given(REQUESTED).when(advice, by=AMSTERDAM).forbidden()


@pytest.mark.parametrize("command", [DraftAdvice, GiveAdvice], ids=lambda command: command.__name__)
def test_an_advice_holds_one_to_fifty_measures(command: type[DraftAdvice | GiveAdvice]) -> None:
    """The command's schema says so; no rule is needed."""
    measures = command.model_json_schema()["properties"]["measures"]

    assert (measures["minItems"], measures["maxItems"]) == (1, 50)


def test_an_advice_is_adopted_once_after_it_was_given() -> None:
    """By the public body; nobody rejects it."""
    given(REQUESTED).when(AdoptAdvice(), by=AMSTERDAM).refused(AdviceNotGiven)
    given(REQUESTED, GIVEN).when(AdoptAdvice(), by=AMSTERDAM).then(ADOPTED)
    given(REQUESTED, GIVEN, ADOPTED).when(AdoptAdvice(), by=AMSTERDAM).refused(AdviceAlreadyAdopted)
    given(REQUESTED, GIVEN).when(AdoptAdvice(), by=TEAM).forbidden()


@pytest.mark.parametrize(
    ("command", "by"),
    [
        (RecordHomeVisit(visitor=Visitor.CCV), CCV),
        (DraftAdvice(measures=(ProposedMeasure(kind=MeasureKind.PHYSICAL, one_off_cents=1),)), CCV),
        (GiveAdvice(measures=(ProposedMeasure(kind=MeasureKind.PHYSICAL, one_off_cents=1),)), BVA),
        (AdoptAdvice(), AMSTERDAM),
        *((command, AMSTERDAM) for command in ON_A_MEASURE),
    ],
    ids=name,
)
def test_the_rules_of_2021_know_no_advice(command: Command[SecurityAdvice], by: Actor) -> None:
    """Costs were reimbursed afterwards."""
    given(REIMBURSED).when(command, by=by).refused(RegimeKnowsNoAdvice)


# --- measures ---------------------------------------------------------------------------------------------------------


def test_a_measure_goes_from_advised_to_verified() -> None:
    """Ordered, installed, and verified by a colleague of who recorded the installation."""
    order = OrderMeasure(measure=1, supplier="Slotenmaker BV")

    given(*UP_TO_ADOPTION).when(order, by=AMSTERDAM).then(
        MeasureOrdered(measure=1, on=TODAY, supplier="Slotenmaker BV")
    )
    given(*UP_TO_ORDER).when(InstallMeasure(measure=1), by=AMSTERDAM).then(INSTALLED)
    given(*UP_TO_INSTALLATION).when(VerifyMeasure(measure=1), by=COLLEAGUE).then(VERIFIED)
    given(*UP_TO_INSTALLATION).when(VerifyMeasure(measure=1), by=BVA).then(VERIFIED)


def test_nobody_verifies_their_own_installation() -> None:
    """Four eyes saw it."""
    given(*UP_TO_INSTALLATION).when(VerifyMeasure(measure=1), by=AMSTERDAM).refused(InstallerCannotVerify)


def test_an_advice_is_adopted_before_a_measure_is_ordered() -> None:
    """The public body commits itself first."""
    given(REQUESTED, GIVEN).when(OrderMeasure(measure=1), by=AMSTERDAM).refused(AdviceNotAdopted)


def test_no_step_is_skipped_or_repeated() -> None:
    """Each is refused out of order, by the name of what is missing or was done already."""
    order, install, verify, *_ = ON_A_MEASURE

    given(*UP_TO_ORDER).when(order, by=AMSTERDAM).refused(MeasureAlreadyOrdered)
    given(*UP_TO_INSTALLATION).when(order, by=AMSTERDAM).refused(MeasureAlreadyOrdered)
    given(*UP_TO_ADOPTION).when(install, by=AMSTERDAM).refused(MeasureNotOrdered)
    given(*UP_TO_INSTALLATION).when(install, by=AMSTERDAM).refused(MeasureAlreadyInstalled)
    given(*UP_TO_VERIFICATION).when(install, by=AMSTERDAM).refused(MeasureAlreadyInstalled)
    given(*UP_TO_ADOPTION).when(verify, by=COLLEAGUE).refused(MeasureNotInstalled)
    given(*UP_TO_ORDER).when(verify, by=COLLEAGUE).refused(MeasureNotInstalled)
    given(*UP_TO_VERIFICATION).when(verify, by=COLLEAGUE).refused(MeasureAlreadyVerified)


def test_measures_go_their_own_ways() -> None:
    """What happened to the first says nothing about the second."""
    given(*UP_TO_INSTALLATION).when(InstallMeasure(measure=2), by=AMSTERDAM).refused(MeasureNotOrdered)
    given(*UP_TO_INSTALLATION).when(OrderMeasure(measure=2), by=AMSTERDAM).then(MeasureOrdered(measure=2, on=TODAY))


@pytest.mark.parametrize("command", ON_A_MEASURE, ids=name)
def test_a_measure_that_was_not_advised_is_unknown(command: Command[SecurityAdvice]) -> None:
    """There is no number 3, and before the advice there is none at all."""
    third = command.model_copy(update={"measure": 3})

    given(*UP_TO_ADOPTION).when(third, by=AMSTERDAM).refused(MeasureUnknown)
    given(REQUESTED, DRAFTED).when(command, by=AMSTERDAM).refused(AdviceNotGiven)


# --- what a page can offer --------------------------------------------------------------------------------------------

SECOND_ORDERED = ORDERED.model_copy(update={"measure": 2})
SECOND_INSTALLED = INSTALLED.model_copy(update={"measure": 2})
SECOND_DECLINED = DECLINED.model_copy(update={"measure": 2})


Offered = dict[type[Command[SecurityAdvice]], tuple[int, ...]]
"""The measures that can take each step."""

OFFERED: list[tuple[tuple[Fact, ...], Actor, Offered]] = [
    ((REQUESTED, GIVEN), AMSTERDAM, {DeclineMeasure: (1, 2), CancelMeasure: (1, 2)}),
    (
        UP_TO_ADOPTION,
        AMSTERDAM,
        {OrderMeasure: (1, 2), DeclineMeasure: (1, 2), CancelMeasure: (1, 2)},
    ),
    (
        UP_TO_ORDER,
        AMSTERDAM,
        {OrderMeasure: (2,), InstallMeasure: (1,), DeclineMeasure: (1, 2), CancelMeasure: (1, 2)},
    ),
    (
        (*UP_TO_INSTALLATION, SECOND_ORDERED),
        COLLEAGUE,
        {
            InstallMeasure: (2,),
            VerifyMeasure: (1,),
            DeclineMeasure: (2,),
            CancelMeasure: (2,),
            RemoveMeasure: (1,),
        },
    ),
    ((*UP_TO_VERIFICATION, SECOND_DECLINED), AMSTERDAM, {RemoveMeasure: (1,)}),
    ((*UP_TO_VERIFICATION, SECOND_DECLINED, REMOVED), AMSTERDAM, {}),
]


@pytest.mark.parametrize(
    ("before", "by", "offered"), OFFERED, ids=["given", "adopted", "ordered", "installed", "verified", "ended"]
)
def test_a_step_is_offered_for_the_measures_that_can_take_it(
    before: tuple[Fact, ...], by: Actor, offered: Offered
) -> None:
    """And not at all where there are none."""
    attempts = {type(command): given(*before).when(command, by=by) for command in ON_A_MEASURE}

    assert {step: attempt.choices["measure"] for step, attempt in attempts.items() if attempt.ready} == offered
    assert {step for step, attempt in attempts.items() if attempt.choices["measure"]} == set(offered)


@pytest.mark.parametrize(
    ("before", "command", "reason"),
    [
        ((REQUESTED, GIVEN), OrderMeasure, AdviceNotAdopted),
        ((REQUESTED, GIVEN, SECOND_DECLINED), OrderMeasure, AdviceNotAdopted),
        ((*UP_TO_ORDER, SECOND_DECLINED), OrderMeasure, MeasureAlreadyOrdered),
        ((*UP_TO_ADOPTION, SECOND_DECLINED), InstallMeasure, MeasureNotOrdered),
        (UP_TO_INSTALLATION, InstallMeasure, MeasureNotOrdered),
        ((*UP_TO_INSTALLATION, SECOND_DECLINED), InstallMeasure, MeasureAlreadyInstalled),
        (UP_TO_INSTALLATION, VerifyMeasure, InstallerCannotVerify),
        (UP_TO_VERIFICATION, VerifyMeasure, MeasureNotInstalled),
        ((*UP_TO_VERIFICATION, SECOND_ORDERED, SECOND_INSTALLED), VerifyMeasure, InstallerCannotVerify),
        ((*UP_TO_VERIFICATION, SECOND_DECLINED), VerifyMeasure, MeasureAlreadyVerified),
        ((*UP_TO_ADOPTION, DECLINED, SECOND_DECLINED), RemoveMeasure, MeasureHasEnded),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(len(value)),
)
def test_where_nothing_can_be_done_the_most_telling_reason_is_given(
    before: tuple[Fact, ...], command: type[Command[SecurityAdvice]], reason: type[Refusal]
) -> None:
    """What has still to be done tells more than what was done already, and who could do it most."""
    asked = next(one for one in ON_A_MEASURE if isinstance(one, command))

    with pytest.raises(Refusal) as refusal:
        command.ready(SECURITY_ADVICE.replay(before), given(*before).when(asked, by=AMSTERDAM).act)

    assert refusal.type is reason


def test_a_visit_is_offered_for_who_has_still_to_come() -> None:
    """Until both have."""
    visit = RecordHomeVisit(visitor=Visitor.BVA)

    assert given(REQUESTED).when(visit, by=CCV).choices == {"visitor": (Visitor.CCV, Visitor.BVA)}
    assert given(REQUESTED, VISITED).when(visit, by=CCV).choices == {"visitor": (Visitor.BVA,)}


# --- until it is installed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [(REQUESTED, GIVEN), UP_TO_ADOPTION, UP_TO_ORDER], ids=len)
def test_a_measure_can_be_declined_or_cancelled_until_it_is_installed(before: tuple[Fact, ...]) -> None:
    """Adopted or not, ordered or not."""
    decline = DeclineMeasure(measure=1, reason=DeclineReason.OWNER_REFUSES)
    cancel = CancelMeasure(measure=1, reason=CancelReason.INFEASIBLE)

    given(*before).when(decline, by=AMSTERDAM).then(DECLINED)
    given(*before).when(cancel, by=BVA).then(CANCELLED)


@pytest.mark.parametrize("before", [UP_TO_INSTALLATION, UP_TO_VERIFICATION], ids=len)
def test_an_installed_measure_can_only_be_removed(before: tuple[Fact, ...]) -> None:
    """Verified or not."""
    *_, decline, cancel, remove = ON_A_MEASURE

    given(*before).when(decline, by=AMSTERDAM).refused(MeasureAlreadyInstalled)
    given(*before).when(cancel, by=AMSTERDAM).refused(MeasureAlreadyInstalled)
    given(*before).when(remove, by=AMSTERDAM).then(MeasureRemoved(measure=1, on=TODAY, reason=RemovalReason.REPLACED))


@pytest.mark.parametrize("before", [(REQUESTED, GIVEN), UP_TO_ORDER], ids=len)
def test_what_was_not_installed_cannot_be_removed(before: tuple[Fact, ...]) -> None:
    """It is cancelled or declined."""
    given(*before).when(RemoveMeasure(measure=1, reason=RemovalReason.REPLACED), by=AMSTERDAM).refused(
        MeasureNotInstalled
    )


@pytest.mark.parametrize("command", ON_A_MEASURE, ids=name)
@pytest.mark.parametrize("end", [DECLINED, CANCELLED, REMOVED], ids=name)
def test_nothing_happens_to_a_measure_that_has_ended(end: Fact, command: Command[SecurityAdvice]) -> None:
    """Declined, cancelled or removed is final."""
    before = UP_TO_INSTALLATION if end is REMOVED else UP_TO_ADOPTION

    given(*before, end).when(command, by=COLLEAGUE).refused(MeasureHasEnded)


@pytest.mark.parametrize(
    ("before", "command", "by"),
    [
        ((REQUESTED,), RecordHomeVisit(visitor=Visitor.CCV, on=TOMORROW), CCV),
        ((REQUESTED,), DraftAdvice(measures=SOME_MEASURE, on=TOMORROW), CCV),
        ((REQUESTED,), GiveAdvice(measures=SOME_MEASURE, on=TOMORROW), BVA),
        ((REQUESTED, GIVEN), AdoptAdvice(on=TOMORROW), AMSTERDAM),
        (UP_TO_ADOPTION, OrderMeasure(measure=1, on=TOMORROW), AMSTERDAM),
        (UP_TO_ORDER, InstallMeasure(measure=1, on=TOMORROW), AMSTERDAM),
        (UP_TO_INSTALLATION, VerifyMeasure(measure=1, on=TOMORROW), COLLEAGUE),
        (UP_TO_INSTALLATION, RemoveMeasure(measure=1, on=TOMORROW, reason=RemovalReason.REPLACED), AMSTERDAM),
    ],
    ids=name,
)
def test_nothing_is_done_tomorrow(before: tuple[Fact, ...], command: Command[SecurityAdvice], by: Actor) -> None:
    """What is recorded has happened."""
    given(*before).when(command, by=by).refused(DayInTheFuture)


TWO_DAYS_AGO = date(2026, 3, 16)


@pytest.mark.parametrize(
    ("before", "command", "by"),
    [
        ((REQUESTED,), RecordHomeVisit(visitor=Visitor.CCV), CCV),
        ((REQUESTED,), DraftAdvice(measures=SOME_MEASURE), CCV),
        ((REQUESTED,), GiveAdvice(measures=SOME_MEASURE), BVA),
        ((REQUESTED, GIVEN), AdoptAdvice(), AMSTERDAM),
        (UP_TO_ADOPTION, OrderMeasure(measure=1), AMSTERDAM),
        (UP_TO_ORDER, InstallMeasure(measure=1), AMSTERDAM),
        (UP_TO_INSTALLATION, VerifyMeasure(measure=1), COLLEAGUE),
        (UP_TO_INSTALLATION, RemoveMeasure(measure=1, reason=RemovalReason.REPLACED), AMSTERDAM),
    ],
    ids=name,
)
def test_nothing_happens_before_what_it_follows_from(
    before: tuple[Fact, ...], command: Command[SecurityAdvice], by: Actor
) -> None:
    """Here that was yesterday: on that day, at the earliest."""
    *earlier, last = before
    day = "requested_on" if last is REQUESTED else "on"
    since_yesterday = given(*earlier, last.model_copy(update={day: YESTERDAY}))

    since_yesterday.when(command.model_copy(update={"on": TWO_DAYS_AGO}), by=by).refused(DayTooEarly)
    (done,) = since_yesterday.when(command.model_copy(update={"on": YESTERDAY}), by=by).outcome()
    assert isinstance(done, Fact)
    assert done.model_dump()["on"] == YESTERDAY


def test_a_measure_is_not_removed_before_it_was_verified() -> None:
    """Also where it was installed long before."""
    installed = INSTALLED.model_copy(update={"on": TWO_DAYS_AGO})
    remove = RemoveMeasure(measure=1, reason=RemovalReason.REPLACED, on=YESTERDAY)

    given(*UP_TO_ORDER, installed).when(remove, by=AMSTERDAM).then(
        MeasureRemoved(measure=1, on=YESTERDAY, reason=RemovalReason.REPLACED)
    )
    given(*UP_TO_ORDER, installed, VERIFIED).when(remove, by=AMSTERDAM).refused(DayTooEarly)


def test_midnight_is_dutch() -> None:
    """An hour before midnight in London it is tomorrow in Amsterdam."""
    late = datetime(2026, 3, 18, 23, 0, tzinfo=UTC)

    given(*UP_TO_ORDER).when(InstallMeasure(measure=1, on=TOMORROW), by=AMSTERDAM, at=late).then(
        INSTALLED.model_copy(update={"on": TOMORROW})
    )


# --- state and parties ------------------------------------------------------------------------------------------------


def test_the_state_shows_where_every_measure_stands() -> None:
    """With its supplier, who installed it and why it ended."""
    ordered = ORDERED.model_copy(update={"supplier": "Slotenmaker BV"})
    cancelled = MeasureCancelled(measure=2, reason=CancelReason.OFFICE_ENDED)

    advice = SECURITY_ADVICE.replay([*UP_TO_ADOPTION, ordered, INSTALLED, VERIFIED, cancelled])
    assert advice.measures == (
        Measure(
            number=1,
            status=MeasureStatus.VERIFIED,
            kind=MeasureKind.PHYSICAL,
            one_off_cents=45_000,
            recurring_cents_per_month=0,
            ordered=TODAY,
            supplier="Slotenmaker BV",
            installed=TODAY,
            installer=AMSTERDAM.person,
            verified=TODAY,
        ),
        Measure(
            number=2,
            status=MeasureStatus.CANCELLED,
            kind=MeasureKind.ELECTRONIC,
            one_off_cents=90_000,
            recurring_cents_per_month=5_000,
            exit=CancelReason.OFFICE_ENDED,
        ),
    )


def test_the_requester_sees_what_became_of_measures_it_does_not_see_advised() -> None:
    """Facts about a measure add up without the advice that lists it."""
    visible = [fact for fact in (*UP_TO_ORDER, INSTALLED, VERIFIED) if Party.REQUESTER in fact.audience]

    advice = SECURITY_ADVICE.replay(visible)
    assert advice.measures == (
        Measure(
            number=1,
            status=MeasureStatus.VERIFIED,
            installed=TODAY,
            installer=AMSTERDAM.person,
            verified=TODAY,
        ),
    )


@pytest.mark.parametrize(
    ("what_happened", "standing", "installed", "one_off", "monthly"),
    [
        ([], [1, 2], [], 90_000, 5_000),
        ([ADOPTED, ORDERED, INSTALLED], [1, 2], [1], 90_000, 5_000),
        ([ADOPTED, ORDERED, INSTALLED, REMOVED], [1, 2], [1], 90_000, 0),
        ([ADOPTED, ORDERED, CANCELLED], [2], [], 60_000, 0),
        ([DECLINED, SECOND_DECLINED], [], [], 0, 0),
    ],
    ids=["advised", "installed", "removed", "cancelled", "declined"],
)
def test_what_fell_away_costs_nothing_and_what_was_removed_no_more(
    what_happened: list[Fact], standing: list[int], installed: list[int], one_off: int, monthly: int
) -> None:
    """What was installed has been paid, whatever became of it."""
    advised = (
        AdvisedMeasure(number=1, kind=MeasureKind.ELECTRONIC, one_off_cents=30_000, recurring_cents_per_month=5_000),
        AdvisedMeasure(number=2, kind=MeasureKind.PHYSICAL, one_off_cents=60_000, recurring_cents_per_month=0),
    )
    advice = SECURITY_ADVICE.replay([REQUESTED, AdviceGiven(on=TODAY, measures=advised), *what_happened])

    assert [measure.number for measure in advice.standing] == standing
    assert [measure.number for measure in advice.installed] == installed
    assert (advice.one_off_cents, advice.recurring_cents_per_month) == (one_off, monthly)


def test_who_may_not_see_amounts_gets_no_sum_of_some() -> None:
    """The requester knows of a measure that was installed, and of no amount."""
    advice = SECURITY_ADVICE.replay([REQUESTED, ADOPTED, INSTALLED])

    assert (advice.one_off_cents, advice.recurring_cents_per_month) == (None, None)


def test_amounts_never_reach_the_requester() -> None:
    """Nor do suppliers and visits."""
    for fact in (AdviceGiven, MeasureOrdered, HomeVisited):
        assert fact.audience == {Party.OWNER, Party.ADVISER}


def test_what_led_to_the_advice_stays_among_the_advisers() -> None:
    """The public body adopts the advice as it was given: it sees neither drafts nor what a visitor wrote."""
    for fact in (VisitReported, AdviceDrafted):
        assert fact.audience == {Party.ADVISER}


def test_the_body_the_requester_and_the_advisers_are_party() -> None:
    """Others do not know of it; an empty stream grants nothing."""
    assert grants(SECURITY_ADVICE.replay([REQUESTED])) == {
        Grant(party=Party.OWNER, role=Role.PUBLIC_BODY, organisation=OrganisationId("gm0363")),
        Grant(party=Party.REQUESTER, role=Role.SUPPORT_TEAM, organisation=TEAM.organisation),
        Grant(party=Party.ADVISER, role=Role.BVA),
        Grant(party=Party.ADVISER, role=Role.CCV),
    }
    assert grants(SecurityAdvice()) == frozenset()
    given(REQUESTED).when(AdoptAdvice(), by=THE_HAGUE).unknown()
    given(REQUESTED).when(AdoptAdvice(), by=STEUNPUNT).unknown()
