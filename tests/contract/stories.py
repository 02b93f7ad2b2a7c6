"""A kind for the tests that fails on what somebody typed, as programs do."""

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.basis import Act, Command, Fact, Facts, Grant, Kind, Party, Role, SubjectId
from domain.values import Personal, Text


class StoryBegun(Fact):
    """A story was begun."""

    topic: ClassVar[str] = "story.begun.v1"


class StoryTold(Fact):
    """A story was told."""

    topic: ClassVar[str] = "story.told.v1"

    subject: SubjectId
    text: Personal[str]
    oddity: str = ""


@dataclass(frozen=True)
class Story:
    """What the facts add up to."""


class BeginStory(Command[Story]):
    """Begin a story."""

    creates: ClassVar[bool] = True
    noun: ClassVar[str] = ""
    roles: ClassVar[frozenset[Role]] = frozenset({Role.SUPPORT_TEAM})

    def decide(self, state: Story, act: Act) -> Facts:  # noqa: ARG002 - as for every command
        """Nothing is in the way."""
        return [StoryBegun()]


class TellBadly(Command[Story]):
    """Tell a story that the program stumbles over."""

    noun: ClassVar[str] = "mishaps"
    roles: ClassVar[frozenset[Role]] = frozenset({Role.SUPPORT_TEAM})

    text: Personal[Text]
    oddity: str = ""

    def decide(self, state: Story, act: Act) -> Facts:  # noqa: ARG002 - as for every command
        """An exception quotes what it stumbles over."""
        raise RuntimeError(self.text)


class TellOddly(Command[Story]):
    """Tell a story that no timeline digests: PostgreSQL's JSON cannot hold a NUL."""

    noun: ClassVar[str] = "oddities"
    roles: ClassVar[frozenset[Role]] = frozenset({Role.SUPPORT_TEAM})
    new_ids: ClassVar[int] = 1

    text: Personal[Text]

    def decide(self, state: Story, act: Act) -> Facts:  # noqa: ARG002 - as for every command
        """It is recorded nevertheless."""
        return [StoryTold(subject=act.subject(0), text=self.text, oddity="\0")]


STORY: Kind[Any] = Kind(
    name="story",
    collection="stories",
    empty=Story(),
    evolve=lambda story, _: story,
    facts=(StoryBegun, StoryTold),
    grants=lambda _: frozenset({Grant(party=Party.OWNER, role=Role.SUPPORT_TEAM)}),
    granting=(StoryBegun,),
    commands=(BeginStory, TellBadly, TellOddly),
)
