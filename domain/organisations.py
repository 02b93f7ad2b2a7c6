"""Who works where, in which role, and what has an organisation done that everybody may know?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, assert_never, get_args

from pydantic import Field

from domain.basis import (
    Act,
    Command,
    Fact,
    Facts,
    Grant,
    Kind,
    OrganisationId,
    Party,
    PersonId,
    Refusal,
    Role,
    UnknownBody,
    replace,
)
from domain.bodies import BodyId
from domain.values import SLUG, WHOLE, CodeList, Day, Line, Slug

ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
NETWORK = OrganisationId("netwerk")
"""The network itself: its administrators register the others and help them out; the others' see to their own."""

OrganisationKey = Annotated[OrganisationId, Field(pattern=SLUG)]
"""The id of an organisation as a command gives it: a slug."""
PersonKey = Annotated[PersonId, Field(pattern=r"^[A-Za-z0-9._:|-]{1,255}$")]
"""A person as the identity provider names them: a pseudonym, so not an e-mail address."""


# --- codes ------------------------------------------------------------------------------------------------------------


class OrganisationKind(CodeList):
    """What an organisation is in the network."""

    PUBLIC_BODY = "public_body", "openbaar bestuur"
    SUPPORT_TEAM = "support_team", "ondersteuningsteam"
    STEUNPUNT = "steunpunt", "steunpunt integriteitsonderzoek"
    BVA = "bva", "beveiligingsautoriteit"
    CCV = "ccv", "Centrum voor Criminaliteitspreventie en Veiligheid"
    MINISTRY = "ministry", "ministerie"
    SUPERVISOR = "supervisor", "toezichthouder"
    NETWORK = "network", "netwerk"


class Milestone(CodeList):
    """What kind of public fact it is."""

    NETWORK_FOUNDED = "network_founded", "netwerk opgericht"
    SAFETY_PACKAGE_ISSUED = "safety_package_issued", "Veiligheidspakket uitgereikt"
    SUPPORT_TEAM_STARTED = "support_team_started", "ondersteuningsteam gestart"
    RESILIENCE_PILOT_STARTED = "resilience_pilot_started", "pilot integraal beveiligingsplan gestart"
    RULE_SET_IN_FORCE = "rule_set_in_force", "regeling in werking"
    BUDGET_ALLOCATED = "budget_allocated", "budget beschikbaar gesteld"
    BUDGET_GRANTED = "budget_granted", "budget verleend"
    MEASURE_AVAILABLE = "measure_available", "maatregel beschikbaar"
    OFFENCE_IN_FORCE = "offence_in_force", "strafbaarstelling in werking"


class ErasureScope(CodeList):
    """How much was forgotten."""

    PERSON = "person", "een persoon in een zaak"
    CASE = "case", "een hele zaak"


class ErasureReason(CodeList):
    """Why it was forgotten."""

    RETENTION = "retention", "bewaartermijn verstreken"
    REQUEST = "request", "verzoek van de betrokkene"
    MISTAKE = "mistake", "ten onrechte vastgelegd"


ROLE_OF = {
    OrganisationKind.PUBLIC_BODY: Role.PUBLIC_BODY,
    OrganisationKind.SUPPORT_TEAM: Role.SUPPORT_TEAM,
    OrganisationKind.STEUNPUNT: Role.STEUNPUNT,
    OrganisationKind.BVA: Role.BVA,
    OrganisationKind.CCV: Role.CCV,
    OrganisationKind.MINISTRY: Role.MINISTRY_ANALYST,
    OrganisationKind.SUPERVISOR: Role.AUDITOR,
    OrganisationKind.NETWORK: Role.ADMINISTRATOR,
}
"""The role in which people work in an organisation; besides it, any organisation can have its own administrators."""

KIND_OF: Mapping[Role, OrganisationKind] = {
    role: kind for kind, role in ROLE_OF.items() if role is not Role.ADMINISTRATOR
}
"""What an organisation is, by the role in which people work there; an administrator can work in any."""


# --- facts ------------------------------------------------------------------------------------------------------------


class OrganisationRegistered(Fact):
    """An organisation was registered."""

    topic: ClassVar[str] = "organisation.registered.v1"

    organisation: OrganisationId
    name: Line
    kind: OrganisationKind
    body: BodyId | None = None
    """Its id in the register of public bodies, where it is one."""


class TeamFormed(Fact):
    """A team was formed."""

    topic: ClassVar[str] = "organisation.team_formed.v1"

    team: Slug
    name: Line


class MemberAppointed(Fact):
    """Somebody was appointed in a role."""

    topic: ClassVar[str] = "organisation.member_appointed.v1"

    person: PersonId
    role: Role
    team: Slug | None = None
    from_day: Day
    until: Day | None = None
    """The first day on which they no longer have the role; ``None`` while that is open."""


class MembershipEnded(Fact):
    """Somebody left a role."""

    topic: ClassVar[str] = "organisation.membership_ended.v1"

    person: PersonId
    role: Role
    on: Day
    """The first day on which they no longer have the role."""


class MilestoneRecorded(Fact):
    """A milestone was recorded."""

    topic: ClassVar[str] = "organisation.milestone_recorded.v1"

    on: Day
    milestone: Milestone
    body: Line | None = None
    """The bodies concerned, in words."""
    detail: Line
    source: Line


class DataErased(Fact):
    """Keys were destroyed: what was sealed under them is closed for ever.

    It is told of the network and of no case, which would say about whom it was.
    """

    topic: ClassVar[str] = "organisation.data_erased.v1"

    scope: ErasureScope
    reason: ErasureReason
    """A request is one under article 17 of the GDPR (AVG)."""
    keys: Annotated[int, Field(ge=1), WHOLE]
    """How many: that of the case, and one for each person."""


OrganisationFact = (
    OrganisationRegistered | TeamFormed | MemberAppointed | MembershipEnded | MilestoneRecorded | DataErased
)


# --- state ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Membership:
    """One person in one role, from a day until a day on which they no longer have it."""

    person: PersonId
    role: Role
    team: Slug | None
    from_day: Day
    until: Day | None

    def runs_on(self, day: date) -> bool:
        """Tell whether they have the role on *day*."""
        return self.from_day <= day and (self.until is None or day < self.until)

    def overlaps(self, from_day: date, until: date | None) -> bool:
        """Tell whether they have the role on any day from *from_day* until *until*."""
        return (until is None or self.from_day < until) and (self.until is None or from_day < self.until)


@dataclass(frozen=True)
class Organisation:
    """What an organisation's facts add up to."""

    organisation: OrganisationId | None = None
    name: str | None = None
    kind: OrganisationKind | None = None
    body: BodyId | None = None
    teams: tuple[Slug, ...] = ()
    members: tuple[Membership, ...] = ()
    milestones: tuple[MilestoneRecorded, ...] = ()
    erasures: tuple[DataErased, ...] = ()
    """Of data about people, by this organisation."""


def evolve(organisation: Organisation, fact: OrganisationFact) -> Organisation:
    """Return the organisation after *fact*."""
    match fact:
        case OrganisationRegistered():
            return replace(organisation, organisation=fact.organisation, name=fact.name, kind=fact.kind, body=fact.body)
        case TeamFormed():
            return replace(organisation, teams=(*organisation.teams, fact.team))
        case MemberAppointed():
            appointed = Membership(
                person=fact.person, role=fact.role, team=fact.team, from_day=fact.from_day, until=fact.until
            )
            return replace(organisation, members=(*organisation.members, appointed))
        case MembershipEnded():
            return replace(
                organisation,
                members=tuple(
                    replace(member, until=fact.on) if _is(member, fact) and member.runs_on(fact.on) else member
                    for member in organisation.members
                ),
            )
        case MilestoneRecorded():
            return replace(organisation, milestones=(*organisation.milestones, fact))
        case DataErased():
            return replace(organisation, erasures=(*organisation.erasures, fact))
        case _:
            assert_never(fact)


def _is(member: Membership, named: "MembershipEnded | AppointMember | EndMembership") -> bool:
    return (member.person, member.role) == (named.person, named.role)


def grants(organisation: Organisation) -> frozenset[Grant]:
    """Return who is party: the administrators of the network, and the organisation's own."""
    if organisation.organisation is None:
        return frozenset()
    return frozenset(
        Grant(party=Party.OWNER, role=Role.ADMINISTRATOR, organisation=whose)
        for whose in (NETWORK, organisation.organisation)
    )


# --- refusals ---------------------------------------------------------------------------------------------------------


class IdOfAPublicBody(Refusal):
    """This is the id of a public body in the register; only that body itself is registered under it."""


class TeamAlreadyFormed(Refusal):
    """The organisation has a team of that name already."""


class UnknownTeam(Refusal):
    """The organisation has no such team."""

    about: ClassVar[tuple[str, ...]] = ("team",)


class RoleDoesNotFit(Refusal):
    """People work in the role of their organisation, or as its administrator; others' roles are for others to give."""


class EndsBeforeItBegins(Refusal):
    """An appointment lasts at least a day."""

    about: ClassVar[tuple[str, ...]] = ("until",)


class AlreadyAppointed(Refusal):
    """This person has this role already, on at least one of these days."""


class NotAppointed(Refusal):
    """This person does not have this role on this day."""


class MilestoneAlreadyRecorded(Refusal):
    """This milestone has been recorded already, in the same words."""


# --- commands ---------------------------------------------------------------------------------------------------------


class RegisterOrganisation(Command[Organisation]):
    """Register an organisation of the network.

    A public body goes by its id in the register of public bodies, any other organisation by a name of its own.
    """

    creates: ClassVar[bool] = True
    noun: ClassVar[str] = ""
    roles: ClassVar[frozenset[Role]] = ADMINISTRATOR

    kind: OrganisationKind
    name: Line
    """As it is called in full."""
    organisation: OrganisationKey
    """The id by which everything else refers to it."""

    def key(self) -> str:
        """Return the id: an organisation is registered once."""
        return self.organisation

    def may(self, state: Organisation, act: Act) -> bool:
        """Who joins the network is for the network to say."""
        return act.actor.organisation == NETWORK

    def decide(self, state: Organisation, act: Act) -> Facts:
        """A public body, and nobody else, goes by its id in the register."""
        body: BodyId | None = None
        if self.kind is OrganisationKind.PUBLIC_BODY:
            if not act.bodies.knows(self.organisation, act.on):
                raise UnknownBody
            body = self.organisation
        elif act.bodies.get(self.organisation):
            raise IdOfAPublicBody
        return [OrganisationRegistered(organisation=self.organisation, name=self.name, kind=self.kind, body=body)]


class FormTeam(Command[Organisation]):
    """Form a team."""

    noun: ClassVar[str] = "teams"
    roles: ClassVar[frozenset[Role]] = ADMINISTRATOR

    team: Slug
    """The id of the team within its organisation."""
    name: Line
    """As it is called in full."""

    def decide(self, state: Organisation, act: Act) -> Facts:
        """Teams of one organisation have different names."""
        if self.team in state.teams:
            raise TeamAlreadyFormed
        return [TeamFormed(team=self.team, name=self.name)]


class AppointMember(Command[Organisation]):
    """Appoint somebody in a role, now or from a later day on."""

    noun: ClassVar[str] = "appointments"
    roles: ClassVar[frozenset[Role]] = ADMINISTRATOR

    person: PersonKey
    """The pseudonym by which the identity provider knows them."""
    role: Role
    team: Slug | None = None
    """The team they work in."""
    from_day: Day | None = None
    """The first day; by default today."""
    until: Day | None = None
    """The first day on which they no longer have the role, where that is known."""

    @classmethod
    def choices(cls, state: Organisation, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """The roles that fit the organisation, and its teams."""
        return {"role": roles_in(state), "team": state.teams}

    def decide(self, state: Organisation, act: Act) -> Facts:
        """Nobody has the same role twice on one day."""
        if self.role not in roles_in(state):
            raise RoleDoesNotFit
        if self.team and self.team not in state.teams:
            raise UnknownTeam
        from_day = self.from_day or act.on
        if self.until and self.until <= from_day:
            raise EndsBeforeItBegins
        if any(_is(member, self) and member.overlaps(from_day, self.until) for member in state.members):
            raise AlreadyAppointed
        return [
            MemberAppointed(person=self.person, role=self.role, team=self.team, from_day=from_day, until=self.until)
        ]


class EndMembership(Command[Organisation]):
    """Record that somebody left a role; an end that is known beforehand belongs in the appointment."""

    noun: ClassVar[str] = "departures"
    roles: ClassVar[frozenset[Role]] = ADMINISTRATOR

    person: PersonKey
    """The pseudonym by which the identity provider knows them."""
    role: Role
    on: Day | None = None
    """The first day on which they no longer have the role; by default today."""

    @classmethod
    def ready(cls, state: Organisation, act: Act) -> None:
        """Once somebody has had a role."""
        if not begun(state, act.on):
            raise NotAppointed

    @classmethod
    def choices(cls, state: Organisation, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """Whoever has or had a role, and these roles."""
        members = begun(state, act.on)
        return {
            "person": tuple(dict.fromkeys(member.person for member in members)),
            "role": tuple(dict.fromkeys(member.role for member in members)),
        }

    def decide(self, state: Organisation, act: Act) -> Facts:
        """Only what runs can end."""
        on = act.past(self.on)
        if not any(_is(member, self) and member.runs_on(on) for member in state.members):
            raise NotAppointed
        return [MembershipEnded(person=self.person, role=self.role, on=on)]


class RecordMilestone(Command[Organisation]):
    """Record something that is public knowledge, with its source."""

    noun: ClassVar[str] = "milestones"
    roles: ClassVar[frozenset[Role]] = ADMINISTRATOR

    milestone: Milestone
    detail: Line
    """What happened, in a sentence."""
    on: Day | None = None
    """The day; by default today."""
    body: Line | None = None
    """The bodies concerned, in words."""
    source: Line
    """Where that can be read: a publication, an address, or a numbered document of a dossier."""

    def decide(self, state: Organisation, act: Act) -> Facts:
        """The same thing is recorded once."""
        recorded = MilestoneRecorded(
            on=act.past(self.on), milestone=self.milestone, body=self.body, detail=self.detail, source=self.source
        )
        if recorded in state.milestones:
            raise MilestoneAlreadyRecorded
        return [recorded]


def roles_in(organisation: Organisation) -> tuple[Role, ...]:
    """Return the roles in which people can work there: the organisation's own, and its administrator's."""
    own = {ROLE_OF[organisation.kind]} if organisation.kind else set()
    return tuple(role for role in Role if role in own | ADMINISTRATOR)


def begun(organisation: Organisation, day: date) -> list[Membership]:
    """Return the memberships that have begun by *day*, but for those that ended on their first day."""
    return [member for member in organisation.members if member.from_day <= day and member.runs_on(member.from_day)]


ORGANISATION = Kind(
    name="organisation",
    collection="organisations",
    slug=OrganisationKey,
    empty=Organisation(),
    evolve=evolve,
    facts=get_args(OrganisationFact),
    grants=grants,
    granting=(OrganisationRegistered,),
    commands=(RegisterOrganisation, FormTeam, AppointMember, EndMembership, RecordMilestone),
)
