"""What is there for a story to play in?"""

from dataclasses import dataclass, field
from datetime import date
from random import Random

from domain.bodies import BodyId
from services.history.desks import Desk, Joining
from services.history.offices import Holder, Offices
from services.history.simulation import Simulation
from services.history.words import Words


@dataclass(eq=False)
class Country:
    """The offices, the desks and the words, in simulated time."""

    simulation: Simulation
    offices: Offices
    words: Words
    scale: float
    """Which share of all that happens in the country is told."""
    desks: dict[str, Desk] = field(default_factory=dict, init=False)
    """By organisation."""

    @property
    def chance(self) -> Random:
        """What everything is drawn from."""
        return self.simulation.chance

    @property
    def today(self) -> date:
        """The calendar day in the Netherlands."""
        return self.simulation.today

    def join(self, joining: Joining) -> None:
        """Let an organisation join the network."""
        desk = Desk(self.simulation, joining)
        self.desks[joining.organisation] = desk
        desk.join()
        self.simulation.start(desk.turnover())

    def desk(self, body: BodyId) -> Desk:
        """Return the desk of a public body."""
        return self.desks[body]

    def meet(self, holder: Holder) -> Holder:
        """Return *holder* with a name, a telephone number and an address, which they keep."""
        if holder.name is None:
            holder.name = self.words.name()
            holder.phone = self.words.phone()
            holder.address = self.words.address(holder.body.name)
        return holder
