"""Who works where, under which pseudonym, and who is at work on a case?

Organisations and their members come into the network by the same commands as everybody's. The first two of each stay,
the others come and go.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from domain.basis import Actor, OrganisationId, PersonId, Role
from domain.bodies import BodyKind, PublicBody
from domain.organisations import (
    NETWORK,
    ORGANISATION,
    ROLE_OF,
    AppointMember,
    EndMembership,
    FormTeam,
    Organisation,
    OrganisationKind,
    RegisterOrganisation,
)
from services.history.simulation import Case, Simulation, Story

OPERATOR = Actor(person=PersonId("p-beheer-1"), organisation=NETWORK, role=Role.ADMINISTRATOR)
"""Who registers the others."""

STAYING = 2
"""How many of the members of each desk never leave."""
LEAVING_A_YEAR = 0.15
FIRST_ONE = 0.4
"""The share of the cases that the first member of a desk takes."""


@dataclass(frozen=True)
class Joining:
    """An organisation that is no public body."""

    organisation: OrganisationId
    name: str
    kind: OrganisationKind
    called: str
    """In the pseudonyms of who works there."""
    members: int
    teams: tuple[tuple[str, str], ...] = ()


SUPPORT_TEAM = Joining(
    OrganisationId("ondersteuningsteam"),
    "Ondersteuningsteam Weerbaar Bestuur",
    OrganisationKind.SUPPORT_TEAM,
    "team",
    9,
    (("burgemeesters", "Team burgemeesters"), ("wethouders", "Team wethouders"), ("raadsleden", "Team raadsleden")),
)
STEUNPUNT = Joining(
    OrganisationId("steunpunt"),
    "Steunpunt Integriteitsonderzoek Politieke Ambtsdragers",
    OrganisationKind.STEUNPUNT,
    "steunpunt",
    3,
)
BVA = Joining(OrganisationId("bva"), "Beveiligingsautoriteit BZK", OrganisationKind.BVA, "bva", 4)
CCV = Joining(
    OrganisationId("ccv"), "Centrum voor Criminaliteitspreventie en Veiligheid", OrganisationKind.CCV, "ccv", 5
)
MINISTRY = Joining(
    OrganisationId("bzk"),
    "Ministerie van Binnenlandse Zaken en Koninkrijksrelaties",
    OrganisationKind.MINISTRY,
    "bzk",
    2,
)
SUPERVISOR = Joining(OrganisationId("auditor"), "Auditdienst", OrganisationKind.SUPERVISOR, "auditor", 1)
FROM_THE_START = (STEUNPUNT, BVA, CCV, MINISTRY, SUPERVISOR)

IN_FULL = {
    BodyKind.MUNICIPALITY: "Gemeente {}",
    BodyKind.PROVINCE: "Provincie {}",
    BodyKind.WATER_BOARD: "Waterschap {}",
    BodyKind.SPECIAL_MUNICIPALITY: "Openbaar lichaam {}",
}


def of_body(body: PublicBody, seats: int) -> Joining:
    """Return *body* as an organisation; one with more *seats* has more members."""
    called = slug(body.name if body.kind is BodyKind.MUNICIPALITY else f"{body.kind.label} {body.name}")
    name = IN_FULL[body.kind].format(body.name)
    return Joining(OrganisationId(body.id), name, OrganisationKind.PUBLIC_BODY, called, STAYING + 1 + seats // 12)


def slug(name: str) -> str:
    """Return *name* in lower-case letters and dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@dataclass(eq=False)
class Desk:
    """The people of one organisation who are at work on cases."""

    simulation: Simulation
    joining: Joining
    people: list[Actor] = field(default_factory=list, init=False)
    _case: Case[Organisation] | None = field(default=None, init=False)
    _hired: int = field(default=0, init=False)

    @property
    def role(self) -> Role:
        """The role in which they work."""
        return ROLE_OF[self.joining.kind]

    def join(self) -> None:
        """Register the organisation, form its teams and appoint its members."""
        joining = self.joining
        register = RegisterOrganisation(organisation=joining.organisation, name=joining.name, kind=joining.kind)
        self._case = self.simulation.begin(ORGANISATION, register, OPERATOR)
        for team, name in joining.teams:
            self.simulation.give(self._case, FormTeam(team=team, name=name), OPERATOR)
        for _ in range(joining.members):
            self._hire()

    def turnover(self) -> Story:
        """Let members come and go."""
        while len(self.people) > STAYING:
            yield self.simulation.at_work(365 / (LEAVING_A_YEAR * (len(self.people) - STAYING)))
            self._leave(self.people[self.simulation.chance.randrange(STAYING, len(self.people))])
            yield self.simulation.at_work(20)
            self._hire()

    def _hire(self) -> None:
        self._hired += 1
        person = PersonId(f"p-{self.joining.called}-{self._hired}")
        teams = self.joining.teams
        appoint = AppointMember(
            person=person, role=self.role, team=teams[self._hired % len(teams)][0] if teams else None
        )
        if self._case and self.simulation.give(self._case, appoint, OPERATOR):
            self.people.append(Actor(person=person, organisation=self.joining.organisation, role=self.role))

    def _leave(self, actor: Actor) -> None:
        if self._case and self.simulation.give(
            self._case, EndMembership(person=actor.person, role=self.role), OPERATOR
        ):
            self.people.remove(actor)

    def somebody(self, *, but: PersonId | None = None) -> Actor:
        """Return one of them, most often the first; another one than *but*."""
        others = [actor for actor in self.people if actor.person != but]
        if self.simulation.happens(FIRST_ONE):
            return others[0]
        return self.simulation.chance.choice(others)

    def at_work_on(self, handler: PersonId | None) -> Actor:
        """Return who goes on with a case: its *handler*, or somebody else where there is none or they have left."""
        return next((actor for actor in self.people if actor.person == handler), None) or self.somebody()
