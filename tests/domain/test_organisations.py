"""Who works where, in which role?"""

from datetime import date

import pytest

from domain.basis import DayInTheFuture, Grant, OrganisationId, Party, PersonId, Role, UnknownBody
from domain.organisations import (
    NETWORK,
    ORGANISATION,
    ROLE_OF,
    AlreadyAppointed,
    AppointMember,
    EndMembership,
    EndsBeforeItBegins,
    FormTeam,
    IdOfAPublicBody,
    MemberAppointed,
    Membership,
    MembershipEnded,
    Milestone,
    MilestoneAlreadyRecorded,
    MilestoneRecorded,
    NotAppointed,
    Organisation,
    OrganisationKind,
    OrganisationRegistered,
    RecordMilestone,
    RegisterOrganisation,
    RoleDoesNotFit,
    TeamAlreadyFormed,
    TeamFormed,
    UnknownTeam,
    grants,
)
from tests.domain.scenario import ADMINISTRATOR, AMSTERDAM, OWN_ADMINISTRATOR, TODAY, TOMORROW, YESTERDAY, given

REGISTERED = OrganisationRegistered(
    organisation=OrganisationId("ondersteuningsteam"),
    name="Ondersteuningsteam Weerbaar Bestuur",
    kind=OrganisationKind.SUPPORT_TEAM,
)
FORMED = TeamFormed(team="noord", name="Team Noord")
TESS = PersonId("tess")
APPOINTED = MemberAppointed(person=TESS, role=Role.SUPPORT_TEAM, from_day=TODAY)
APPOINT = AppointMember(person=TESS, role=Role.SUPPORT_TEAM)
END = EndMembership(person=TESS, role=Role.SUPPORT_TEAM)


# --- organisations and teams ------------------------------------------------------------------------------------------


def test_an_organisation_is_registered_under_a_name_of_its_own() -> None:
    """The name is the key of its stream."""
    register = RegisterOrganisation(
        organisation=REGISTERED.organisation, name=REGISTERED.name, kind=OrganisationKind.SUPPORT_TEAM
    )

    given().when(register, by=ADMINISTRATOR).then(REGISTERED)
    assert register.key() == "ondersteuningsteam"
    given().when(register, by=AMSTERDAM).forbidden()


def test_a_public_body_is_registered_under_its_id_in_the_register() -> None:
    """It has to exist."""
    amsterdam = RegisterOrganisation(
        organisation=OrganisationId("gm0363"), name="Amsterdam", kind=OrganisationKind.PUBLIC_BODY
    )

    given().when(amsterdam, by=ADMINISTRATOR).then(
        OrganisationRegistered(
            organisation=OrganisationId("gm0363"),
            name="Amsterdam",
            kind=OrganisationKind.PUBLIC_BODY,
            body="gm0363",
        )
    )
    given().when(amsterdam.model_copy(update={"organisation": "gm0457"}), by=ADMINISTRATOR).refused(UnknownBody)


def test_nobody_else_goes_by_the_id_of_a_public_body() -> None:
    """Not even of a past one: who works for it would see its cases."""
    for body in ("gm0363", "gm0457"):
        register = RegisterOrganisation(organisation=OrganisationId(body), name="X", kind=OrganisationKind.NETWORK)

        given().when(register, by=ADMINISTRATOR).refused(IdOfAPublicBody)


def test_teams_of_one_organisation_have_different_names() -> None:
    """A team is formed once."""
    given(REGISTERED).when(FormTeam(team="noord", name="Team Noord"), by=ADMINISTRATOR).then(FORMED)
    given(REGISTERED, FORMED).when(FormTeam(team="noord", name="Ander"), by=ADMINISTRATOR).refused(TeamAlreadyFormed)


def test_only_administrators_are_party() -> None:
    """And auditors, who see everything; an empty stream grants nothing."""
    assert grants(Organisation()) == frozenset()
    assert grants(ORGANISATION.replay([REGISTERED])) == {
        Grant(party=Party.OWNER, role=Role.ADMINISTRATOR, organisation=NETWORK),
        Grant(party=Party.OWNER, role=Role.ADMINISTRATOR, organisation=REGISTERED.organisation),
    }
    given(REGISTERED).when(APPOINT, by=AMSTERDAM).unknown()


def test_administrators_of_one_organisation_do_not_administer_another() -> None:
    """Those of the network do; only they say who joins."""
    elsewhere = OWN_ADMINISTRATOR.model_copy(update={"organisation": "gm0518"})
    register = RegisterOrganisation(
        organisation=REGISTERED.organisation, name=REGISTERED.name, kind=OrganisationKind.SUPPORT_TEAM
    )

    given(REGISTERED).when(APPOINT, by=OWN_ADMINISTRATOR).then(APPOINTED)
    given(REGISTERED).when(APPOINT, by=elsewhere).unknown()
    given().when(register, by=OWN_ADMINISTRATOR).forbidden()
    given().when(register, by=elsewhere).forbidden()


# --- people in roles --------------------------------------------------------------------------------------------------


def test_somebody_is_appointed_from_today_by_default() -> None:
    """In a team or not."""
    given(REGISTERED).when(APPOINT, by=ADMINISTRATOR).then(APPOINTED)
    given(REGISTERED, FORMED).when(APPOINT.model_copy(update={"team": "noord"}), by=ADMINISTRATOR).then(
        APPOINTED.model_copy(update={"team": "noord"})
    )


def test_an_appointment_can_be_made_ahead() -> None:
    """Unlike what has been done, what is planned may lie in the future."""
    ahead = {"from_day": TOMORROW, "until": date(2030, 3, 1)}

    given(REGISTERED).when(APPOINT.model_copy(update=ahead), by=ADMINISTRATOR).then(APPOINTED.model_copy(update=ahead))


def test_a_team_is_formed_before_somebody_works_in_it() -> None:
    """There is no team South."""
    given(REGISTERED, FORMED).when(APPOINT.model_copy(update={"team": "zuid"}), by=ADMINISTRATOR).refused(UnknownTeam)


@pytest.mark.parametrize("kind", OrganisationKind)
def test_people_work_in_the_role_of_their_organisation(kind: OrganisationKind) -> None:
    """A municipality cannot give somebody the role of the security authority, which sees every advice."""
    registered = REGISTERED.model_copy(update={"kind": kind})

    for role in Role:
        when = given(registered).when(AppointMember(person=TESS, role=role), by=ADMINISTRATOR)
        if role in {ROLE_OF[kind], Role.ADMINISTRATOR}:
            when.then(MemberAppointed(person=TESS, role=role, from_day=TODAY))
        else:
            when.refused(RoleDoesNotFit)


@pytest.mark.parametrize("kind", OrganisationKind)
def test_the_roles_on_offer_are_those_that_fit(kind: OrganisationKind) -> None:
    """And the teams those that were formed; before its registration an organisation has administrators only."""
    registered = REGISTERED.model_copy(update={"kind": kind})

    choices = given(registered, FORMED).when(APPOINT, by=ADMINISTRATOR).choices
    assert set(choices["role"]) == {ROLE_OF[kind], Role.ADMINISTRATOR}
    assert choices["team"] == ("noord",)
    assert given().when(APPOINT, by=ADMINISTRATOR).choices == {"role": (Role.ADMINISTRATOR,), "team": ()}


@pytest.mark.parametrize("until", [YESTERDAY, TODAY], ids=str)
def test_an_appointment_lasts_at_least_a_day(until: date) -> None:
    """It ends after it begins."""
    given(REGISTERED).when(APPOINT.model_copy(update={"until": until}), by=ADMINISTRATOR).refused(EndsBeforeItBegins)


def test_nobody_has_one_role_twice_at_a_time() -> None:
    """Not in another team either; two roles go together."""
    given(REGISTERED, FORMED, APPOINTED).when(APPOINT.model_copy(update={"team": "noord"}), by=ADMINISTRATOR).refused(
        AlreadyAppointed
    )
    given(REGISTERED, APPOINTED).when(AppointMember(person=TESS, role=Role.ADMINISTRATOR), by=ADMINISTRATOR).then(
        MemberAppointed(person=TESS, role=Role.ADMINISTRATOR, from_day=TODAY)
    )
    given(REGISTERED, APPOINTED).when(
        AppointMember(person=PersonId("tom"), role=Role.SUPPORT_TEAM), by=ADMINISTRATOR
    ).then(MemberAppointed(person=PersonId("tom"), role=Role.SUPPORT_TEAM, from_day=TODAY))


@pytest.mark.parametrize(
    ("from_day", "until", "overlaps"),
    [
        (date(2026, 1, 1), date(2026, 2, 1), False),
        (date(2026, 1, 1), date(2026, 2, 2), True),
        (date(2026, 1, 1), None, True),
        (date(2026, 2, 10), date(2026, 2, 11), True),
        (date(2026, 2, 28), None, True),
        (date(2026, 3, 1), None, False),
    ],
    ids=str,
)
def test_one_appointment_may_follow_another(from_day: date, until: date | None, *, overlaps: bool) -> None:
    """The last day of the one is the day before the first of the other; here February is taken."""
    february = APPOINTED.model_copy(update={"from_day": date(2026, 2, 1), "until": date(2026, 3, 1)})
    again = {"from_day": from_day, "until": until}

    when = given(REGISTERED, february).when(APPOINT.model_copy(update=again), by=ADMINISTRATOR)
    if overlaps:
        when.refused(AlreadyAppointed)
    else:
        when.then(APPOINTED.model_copy(update=again))


def test_only_what_runs_can_end() -> None:
    """Not another role, not before it began, not twice, and not in the future."""
    ended = MembershipEnded(person=TESS, role=Role.SUPPORT_TEAM, on=TODAY)

    given(REGISTERED).when(END, by=ADMINISTRATOR).refused(NotAppointed)
    given(REGISTERED, APPOINTED).when(END, by=ADMINISTRATOR).then(ended)
    given(REGISTERED, APPOINTED, ended).when(END, by=ADMINISTRATOR).refused(NotAppointed)
    given(REGISTERED, APPOINTED).when(END.model_copy(update={"on": YESTERDAY}), by=ADMINISTRATOR).refused(NotAppointed)
    given(REGISTERED, APPOINTED).when(END.model_copy(update={"on": TOMORROW}), by=ADMINISTRATOR).refused(DayInTheFuture)
    given(REGISTERED, APPOINTED).when(EndMembership(person=TESS, role=Role.ADMINISTRATOR), by=ADMINISTRATOR).refused(
        NotAppointed
    )


def test_whoever_has_or_had_a_role_can_be_recorded_as_having_left() -> None:
    """Not who comes later, nor who left on the first day; of nobody else is it asked."""
    before = APPOINTED.model_copy(update={"from_day": YESTERDAY, "until": TODAY})
    later = APPOINTED.model_copy(update={"person": PersonId("tom"), "from_day": TOMORROW})
    again = APPOINTED.model_copy(update={"role": Role.ADMINISTRATOR})
    at_once = MembershipEnded(person=TESS, role=Role.SUPPORT_TEAM, on=TODAY)

    assert given(REGISTERED, later, before, again).when(END, by=ADMINISTRATOR).choices == {
        "person": (TESS,),
        "role": (Role.SUPPORT_TEAM, Role.ADMINISTRATOR),
    }
    assert given(REGISTERED, before).when(END, by=ADMINISTRATOR).ready
    assert not given(REGISTERED, later).when(END, by=ADMINISTRATOR).ready
    assert not given(REGISTERED, APPOINTED, at_once).when(END, by=ADMINISTRATOR).ready


def test_an_ended_membership_no_longer_runs() -> None:
    """Others go on, and who left can come back the same day."""
    other = MemberAppointed(person=PersonId("tom"), role=Role.SUPPORT_TEAM, from_day=YESTERDAY)
    begun = APPOINTED.model_copy(update={"from_day": YESTERDAY})
    ended = MembershipEnded(person=TESS, role=Role.SUPPORT_TEAM, on=TODAY)

    organisation = ORGANISATION.replay([REGISTERED, other, begun, ended])
    assert organisation.members == (
        Membership(person=PersonId("tom"), role=Role.SUPPORT_TEAM, team=None, from_day=YESTERDAY, until=None),
        Membership(person=TESS, role=Role.SUPPORT_TEAM, team=None, from_day=YESTERDAY, until=TODAY),
    )
    given(REGISTERED, begun, ended).when(APPOINT, by=ADMINISTRATOR).then(APPOINTED)


# --- milestones -------------------------------------------------------------------------------------------------------

STARTED = MilestoneRecorded(
    on=date(2019, 12, 12),
    milestone=Milestone.RESILIENCE_PILOT_STARTED,
    body="Almelo",
    detail="Pilot integrale beveiligingsplannen",
    source="public record",
)
RECORD = RecordMilestone(
    on=STARTED.on,
    milestone=STARTED.milestone,
    body=STARTED.body,
    detail=STARTED.detail,
    source=STARTED.source,
)


def test_a_milestone_is_recorded_once() -> None:
    """The same day can bring several."""
    given(REGISTERED).when(RECORD, by=ADMINISTRATOR).then(STARTED)
    given(REGISTERED, STARTED).when(RECORD, by=ADMINISTRATOR).refused(MilestoneAlreadyRecorded)
    given(REGISTERED, STARTED).when(RECORD.model_copy(update={"body": "Saba"}), by=ADMINISTRATOR).then(
        STARTED.model_copy(update={"body": "Saba"})
    )
    given(REGISTERED).when(RECORD.model_copy(update={"on": TOMORROW}), by=ADMINISTRATOR).refused(DayInTheFuture)
