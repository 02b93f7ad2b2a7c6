"""Which words is everything in the domain written in?

A *kind* of stream has *facts* (what happened), a *state* (what they add up to), ``evolve`` (state and fact to state,
never judging) and *commands*, whose ``decide`` (state and act to facts) raises a *refusal* where a rule forbids it.
What the state forbids whatever is asked, ``ready`` says beforehand. Time, actor, identifiers and reference data come
in with the *act*: nothing in ``domain`` reads a clock, a file or a random number.
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NewType, TypeVar
from uuid import UUID

from domain.bodies import Register
from domain.values import AMSTERDAM, ERASED, CodeList, Model

if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - for others to import from here
else:

    def replace(state: object, /, **changes: object) -> object:
        """Return a copy of *state* with *changes*, in a tenth of the time that ``dataclasses`` takes.

        It sets each field by a call of its own, and a state is replaced for every fact of a history. Whether the
        fields exist and hold what they are for is checked by mypy, for which this is the other one.
        """
        made = object.__new__(type(state))
        made.__dict__.update(state.__dict__)
        made.__dict__.update(changes)
        return made


T = TypeVar("T")
S = TypeVar("S")

OrganisationId = NewType("OrganisationId", str)
"""A public body's register id (``gm0363``) or a slug of our own (``ondersteuningsteam``)."""
PersonId = NewType("PersonId", str)
"""Whoever signs in, as their organisation's identity provider names them: an opaque pseudonym, never a name."""
SubjectId = NewType("SubjectId", UUID)
"""A person a case is about. Random, and another one in each case, so that two cases cannot be joined on it."""
StreamId = NewType("StreamId", str)
"""``<kind>:<key>``, for instance ``threat_case:0199…``."""


# --- who --------------------------------------------------------------------------------------------------------------


class Role(CodeList):
    """In which capacity somebody acts or reads: one role of one organisation at a time."""

    SUPPORT_TEAM = "support_team", "ondersteuningsteam"
    PUBLIC_BODY = "public_body", "openbaar bestuur"
    STEUNPUNT = "steunpunt", "steunpunt integriteitsonderzoek"
    BVA = "bva", "beveiligingsautoriteit"
    CCV = "ccv", "veiligheidsadviseur CCV"
    MINISTRY_ANALYST = "ministry_analyst", "analist ministerie"
    AUDITOR = "auditor", "auditor"
    ADMINISTRATOR = "administrator", "functioneel beheerder"


class Party(CodeList):
    """What an organisation is to one case."""

    OWNER = "owner", "behandelaar"
    REQUESTER = "requester", "aanvrager"
    ADVISER = "adviser", "adviseur"
    STEUNPUNT = "steunpunt", "steunpunt"


OWNER_ONLY = frozenset({Party.OWNER})


class Actor(Model):
    """Who acts or reads: a person in one role of one organisation."""

    person: PersonId
    organisation: OrganisationId
    role: Role


class Grant(Model):
    """One line of a case's access list: *role* in *organisation* (``None``: in any) is *party* to the case."""

    party: Party
    role: Role
    organisation: OrganisationId | None = None

    def covers(self, actor: Actor) -> bool:
        """Tell whether *actor* is the one meant."""
        return actor.role is self.role and self.organisation in {None, actor.organisation}


# --- facts, commands, kinds -------------------------------------------------------------------------------------------


class Fact(Model):
    """Something that happened, in the past tense; its docstring's first line says it in words.

    ``audience`` names the parties that may see it, by default nobody outside the owning team. Auditors see every fact.
    """

    topic: ClassVar[str]
    """The stored name, ``<kind>.<what>.v<version>``: ours, never a Python path."""
    audience: ClassVar[frozenset[Party]] = OWNER_ONLY

    def seen_by(self) -> frozenset[Party]:
        """Return the parties that may see this very fact: its audience, unless what it says narrows it."""
        return self.audience


@dataclass(frozen=True)
class Elsewhere:
    """A fact that a decision records in another stream than the one it was asked of."""

    stream: StreamId
    fact: Fact


Facts = Sequence[Fact | Elsewhere]


def kebab(name: str) -> str:
    """Return a class name in kebab case: ``CaseIsClosed`` is ``case-is-closed``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


class Refusal(Exception):  # noqa: N818 - a refusal is the reason as a state, not an error
    """A rule of the domain forbids the command. The class name is the reason, the docstring the sentence."""

    about: ClassVar[tuple[str, ...]] = ()
    """The field in which another answer may help, by the names that it has in commands; none: the state forbids it."""
    field: str | None = None
    """The one of these names that the refused command has: whoever sent it is shown the reason there."""

    @classmethod
    def name(cls) -> str:
        """Return the reason in kebab case (``case-is-closed``), as it stands in a problem's type."""
        return kebab(cls.__name__)

    @classmethod
    def sentence(cls) -> str:
        """Return the reason in words."""
        return " ".join((cls.__doc__ or "").split())


DAYS = ("on", "received_on", "requested_on", "began_on")
"""What commands call the day on which something was done, or happened."""


class UnknownBody(Refusal):
    """The register knows no public body with this id on this day."""

    about: ClassVar[tuple[str, ...]] = ("body",)


class DayInTheFuture(Refusal):
    """What has been done cannot lie in the future."""

    about: ClassVar[tuple[str, ...]] = DAYS


class DayTooEarly(Refusal):
    """That day lies before what it follows from."""

    about: ClassVar[tuple[str, ...]] = DAYS


class NothingCorrected(Refusal):
    """A correction changes at least one statement."""


@dataclass(frozen=True)
class Act:
    """The circumstances of one command: everything ``decide`` needs that is neither in the command nor in the state."""

    actor: Actor
    at: datetime
    """When it is recorded, by the edge's clock, aware and in UTC."""
    stream: StreamId
    """The stream that the command is asked of."""
    bodies: Register
    """The dated register of public bodies."""
    on_behalf_of: PersonId | None = None
    """For whom the actor acts, where that is somebody else."""
    ids: tuple[UUID, ...] = ()
    """As many fresh identifiers as the command's ``new_ids`` asks for."""
    number: str = ""
    """The case number that a creating command gives out, ``DR-2026-000123``."""
    others: Mapping[StreamId, object] = field(default_factory=dict)
    """The states of the other streams that the command reads. They exist, and the actor may see them."""

    @property
    def on(self) -> date:
        """The calendar day of the act in the Netherlands."""
        return self.at.astimezone(AMSTERDAM).date()

    def subject(self, n: int) -> SubjectId:
        """Return the *n*-th fresh identifier, for a person."""
        return SubjectId(self.ids[n])

    def past(self, day: date | None, *, not_before: Iterable[date | None] = ()) -> date:
        """Return the day on which something was done, by default the day of the act.

        Refuse a day in the future, and one before any of the days in *not_before*, of what it follows from.
        """
        done = self.on if day is None else day
        if done > self.on:
            raise DayInTheFuture
        if any(earlier and done < earlier for earlier in not_before):
            raise DayTooEarly
        return done

    def other(self, stream: StreamId, state: type[T]) -> T:
        """Return the state of another stream the command reads, which is a *state*."""
        found = self.others[stream]
        if not isinstance(found, state):
            message = f"{stream} holds a {type(found).__name__}, not a {state.__name__}"
            raise TypeError(message)
        return found


class Command(Model, Generic[S]):
    """Something that somebody asks for, in the imperative; its docstring describes the API operation."""

    noun: ClassVar[str]
    """What the URL calls the result: ``POST /v1/threat-cases/{id}/<noun>``. A creating command has none."""
    roles: ClassVar[frozenset[Role]]
    """Who may ever give it (the coarse gate; ``may`` is the fine one)."""
    parties: ClassVar[frozenset[Party]] = OWNER_ONLY
    """As what to the case: whoever merely may know of it cannot act on it. A creating command finds no parties."""
    creates: ClassVar[bool] = False
    """Whether it begins a new stream."""
    new_ids: ClassVar[int] = 0
    """How many fresh identifiers ``decide`` may take from the act."""

    def key(self) -> str | None:
        """Return the key of the stream that a creating command begins, or ``None`` for a fresh UUIDv7."""
        return None

    def reads(self) -> Iterable[StreamId]:
        """Name the other streams that the decision depends on; their versions are checked when it is recorded."""
        return ()

    def may(self, state: S, act: Act) -> bool:
        """Tell whether the actor's relation to the case allows this, where the role alone does not settle it."""
        return True

    @classmethod
    def ready(cls, state: S, act: Act) -> None:
        """Refuse what nothing that could be asked would make possible in this state: pages do not offer it then."""

    @classmethod
    def choices(cls, state: S, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """Return the values that a field can have where the state narrows them: pages offer no others."""
        return {}

    @classmethod
    def needed(cls, state: S, act: Act) -> frozenset[str]:
        """Return the fields that this state asks for, besides those that always must be there: pages say so."""
        return frozenset()

    def must_be_ready(self, state: S, act: Act) -> None:
        """Refuse as ``ready`` does; what is asked of one part of a case says what stands in the way of that part."""
        self.ready(state, act)

    @abstractmethod
    def decide(self, state: S, act: Act) -> Facts:
        """Return the facts that follow, or raise a Refusal; the command is ``ready``."""


def decide(command: Command[S], state: S, act: Act) -> Facts:
    """Return the facts that follow from *command*, or raise a Refusal that says which field it is about."""
    try:
        command.must_be_ready(state, act)
        return command.decide(state, act)
    except Refusal as refusal:
        refusal.field = next((name for name in refusal.about if name in type(command).model_fields), None)
        raise


@dataclass(frozen=True)
class Kind(Generic[S]):
    """A kind of stream: all that the store, the API, the views and the documentation derive from."""

    name: str
    """In stream ids and topics: ``threat_case``."""
    collection: str
    """In URLs: ``threat-cases``."""
    empty: S
    """The state before the first fact."""
    evolve: Callable[[S, Any], S]
    """State and fact to state. Total: never judges, never fails, for any subsequence of a history."""
    facts: tuple[type[Fact], ...]
    commands: tuple[type[Command[S]], ...]
    grants: Callable[[S], frozenset[Grant]]
    """Who is party to the case, from its state."""
    granting: tuple[type[Fact], ...]
    """The facts on which ``grants`` depends: no other fact ever changes who is party to a case."""
    slug: Any = None
    """The form of its keys where they are words (``Annotated[str, …]``); ``None`` where they are UUIDs."""
    prefix: str | None = None
    """Of its case numbers: ``DR``; ``None`` where nobody says a number aloud."""

    def stream(self, key: str | UUID) -> StreamId:
        """Return the id of the stream *key* of this kind."""
        return StreamId(f"{self.name}:{key}")

    def replay(self, facts: Iterable[Fact]) -> S:
        """Return the state that *facts* add up to."""
        state = self.empty
        for fact in facts:
            state = self.evolve(state, fact)
        return state


def may_see(actor: Actor, fact: Fact, grants: Iterable[Grant]) -> bool:
    """Tell whether *actor* may see *fact* of a case whose access list is *grants*. Row-level security says the same."""
    return actor.role is Role.AUDITOR or is_party(actor, fact.seen_by(), grants)


def access_list(owner: Grant | None, *others: Grant | None) -> frozenset[Grant]:
    """Return who is party to a case: nobody, once it has been forgotten whose it was, and so where it played.

    What is left of it then is for auditors. To others it would be a row on a list that nobody can do anything about.
    """
    if owner and owner.organisation == str(ERASED):
        return frozenset()
    return frozenset(grant for grant in (owner, *others) if grant)


def is_party(actor: Actor, parties: frozenset[Party], grants: Iterable[Grant]) -> bool:
    """Tell whether *actor* is one of *parties* to a case whose access list is *grants*."""
    return any(grant.party in parties and grant.covers(actor) for grant in grants)


def may_know_of(actor: Actor, grants: Iterable[Grant]) -> bool:
    """Tell whether *actor* may know that the case exists."""
    return actor.role is Role.AUDITOR or any(grant.covers(actor) for grant in grants)
