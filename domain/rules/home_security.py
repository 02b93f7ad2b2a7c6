"""Which rules for the security of an office holder's home apply to a request of a given day?

The rule set is chosen by the day of the request, so that a request keeps its rules when they change under way.
"""

from dataclasses import dataclass
from datetime import date

from domain.people import Office
from domain.values import CodeList


class Regime(CodeList):
    """The rule set that a request falls under."""

    REIMBURSEMENT_2021 = "reimbursement_2021", "vergoeding van kosten (2021-2023)"
    PROVISION_2024 = "provision_2024", "verstrekking volgens advies (vanaf 2024)"


class Flow(CodeList):
    """How an office holder gets from the request to a safer home."""

    REIMBURSEMENT = "reimbursement", "keurmerk, aanschaf, vergoeding"
    PROVISION = "provision", "huisbezoek, advies, overname, verstrekking"


@dataclass(frozen=True)
class RuleSet:
    """One version of the rules on security measures at home.

    They rest on articles 2.3.1, 3.3.1 and 4.3.1 of the *Rechtspositiebesluit decentrale politieke ambtsdragers*.
    """

    regime: Regime
    decided: date
    """The day of the minister's decision, with which the source begins; it was published in the days after it."""
    effective: date
    """The first day on which a request falls under it."""
    source: str
    """Where it was published."""
    flow: Flow
    ceiling: int | None
    """In euro cents including VAT, per home; ``None`` where there is none."""
    entitled: frozenset[Office]
    """The offices that it gives a claim, in office or once the appointment is certain."""

    @property
    def knows_advice(self) -> bool:
        """Tell whether measures follow from an advice."""
        return self.flow is Flow.PROVISION


ADMINISTRATORS = frozenset(
    {
        Office.COMMISSARIS,
        Office.GEDEPUTEERDE,
        Office.BURGEMEESTER,
        Office.WETHOUDER,
        Office.WATER_BOARD_CHAIR,
        Office.DB_MEMBER,
    }
)
"""Who administers, other than who represents: councillors and members of the States have no claim."""

RULE_SETS = (
    RuleSet(
        regime=Regime.REIMBURSEMENT_2021,
        decided=date(2020, 10, 7),
        effective=date(2021, 1, 1),
        source="Stcrt. 2020, 49908",
        flow=Flow.REIMBURSEMENT,
        ceiling=240_000,  # the news texts of the ministry say EUR 2,500; the regeling itself says EUR 2,400
        entitled=ADMINISTRATORS,
    ),
    RuleSet(
        regime=Regime.PROVISION_2024,
        decided=date(2023, 10, 30),
        effective=date(2024, 1, 1),
        source="Stcrt. 2023, 28233",
        flow=Flow.PROVISION,
        ceiling=None,
        entitled=ADMINISTRATORS,
    ),
)
"""In the order in which they took effect; each holds until the next."""


def regime_on(day: date) -> RuleSet | None:
    """Return the rules for a request of *day*, or ``None`` for a day before the first of them took effect."""
    return max(
        (rules for rules in RULE_SETS if rules.effective <= day), key=lambda rules: rules.effective, default=None
    )


def rules_of(regime: Regime) -> RuleSet:
    """Return the rule set called *regime*."""
    return next(rules for rules in RULE_SETS if rules.regime is regime)
