"""Which rules for the security of a home apply on which day?"""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from domain.people import POLITICAL_OFFICES, Office
from domain.rules.home_security import RULE_SETS, Flow, Regime, RuleSet, regime_on, rules_of


@pytest.mark.parametrize(
    ("day", "regime"),
    [
        (date(2021, 1, 1), Regime.REIMBURSEMENT_2021),
        (date(2023, 12, 31), Regime.REIMBURSEMENT_2021),
        (date(2024, 1, 1), Regime.PROVISION_2024),
        (date(2030, 1, 1), Regime.PROVISION_2024),
    ],
    ids=str,
)
def test_a_rule_set_holds_from_its_effect_to_the_next(day: date, regime: Regime) -> None:
    """Until the next one takes effect."""
    assert regime_on(day) == rules_of(regime)


def test_before_the_first_there_are_no_rules() -> None:
    """The first took effect on 1 January 2021."""
    assert regime_on(date(2020, 12, 31)) is None


def test_costs_were_reimbursed_up_to_a_ceiling() -> None:
    """EUR 2,400 including VAT per home (Stcrt. 2020, 49908)."""
    rules = rules_of(Regime.REIMBURSEMENT_2021)

    assert (rules.source, rules.ceiling, rules.flow) == ("Stcrt. 2020, 49908", 240_000, Flow.REIMBURSEMENT)
    assert not rules.knows_advice


def test_measures_are_provided_as_advised_without_a_ceiling() -> None:
    """An entitlement never fails on a budget (Stcrt. 2023, 28233)."""
    rules = rules_of(Regime.PROVISION_2024)

    assert (rules.source, rules.ceiling, rules.flow) == ("Stcrt. 2023, 28233", None, Flow.PROVISION)
    assert rules.knows_advice


@pytest.mark.parametrize("rules", RULE_SETS, ids=lambda rules: str(rules.regime))
def test_who_administers_is_entitled_and_who_represents_is_not(rules: RuleSet) -> None:
    """Councillors and members of the States get the free home scan."""
    assert Office.BURGEMEESTER in rules.entitled
    assert rules.entitled < POLITICAL_OFFICES
    assert not rules.entitled & {Office.RAADSLID, Office.STATENLID, Office.AB_MEMBER, Office.COMMISSIELID}


def test_every_regime_has_one_rule_set_in_order_of_effect() -> None:
    """Each was decided before it took effect."""
    assert [rules.regime for rules in RULE_SETS] == list(Regime)
    assert all(earlier.effective < later.effective for earlier, later in pairwise(RULE_SETS))
    assert all(rules.decided + timedelta(days=1) < rules.effective for rules in RULE_SETS)
