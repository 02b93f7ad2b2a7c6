"""What does one case look like to whoever may see it: what is so, what may be done, what has happened?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from domain.basis import Kind
from domain.consultation import CONSULTATION, first_intake_due
from domain.organisations import ORGANISATION
from domain.rules.home_security import rules_of
from domain.security_advice import SECURITY_ADVICE
from domain.threat_case import THREAT_CASE, FileAangifte
from services.portal import labels
from services.portal.commands import Collection, Key, Offer, Subject, circumstances, done_words, offers, subject_of
from services.portal.pages import Visit, Visiting
from services.portal.proof import is_provable
from services.portal.showing import Shown, shown
from services.portal.still_open import TAKEN_WITH
from services.projections import worklist
from services.projections.replay import Entry
from services.projections.routes import NotVisibleYet
from services.web.problems import NotFound


@dataclass(frozen=True)
class Line:
    """One line of a timeline: what happened, and what it says."""

    number: int
    entry: Entry
    words: str
    says: tuple[Shown, ...]


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/dossiers/{collection}/{key}", name="dossier")
    def dossier(
        visit: Visiting,
        collection: Collection,
        key: Key,
        done: Annotated[str, Query(alias="gedaan", max_length=1000)] = "",
    ) -> Response:
        """Show a case."""
        kind = visit.portal.kind(collection)
        if kind.name == ORGANISATION.name:  # it is no case, and has pages of its own
            return visit.go(f"/organisaties/{key}", **({"gedaan": done} if done else {}))
        try:
            subject = subject_of(visit, kind, key)
        except NotFound:
            if done_words(visit, kind, done):  # they have just begun it, and the views are behind
                raise NotVisibleYet from None
            raise
        offered = offers(visit, kind, subject)
        return visit.page(
            f"dossiers/{kind.name}.html",
            "dossiers/case.html",
            kind=kind,
            subject=subject,
            state=subject.state,
            says=shown(subject.state, visit.portal.organisation_name),
            refused=[offer for offer in offered if offer.refusal],
            lines=list(reversed(lines(visit, subject.found.entries))),
            done=done_words(visit, kind, done),
            provable=is_provable(visit, subject.found.case),
            **{"offers": [offer for offer in offered if not offer.refusal]} | beside(visit, kind, subject, offered),
        )

    return router


def lines(visit: Visit, entries: Sequence[Entry]) -> list[Line]:
    """Return *entries* as lines, in order."""
    return [
        Line(
            n,
            entry,
            labels.FACTS[type(entry.fact)] if entry.fact else labels.UNKNOWN_FACT,
            shown(entry.fact, visit.portal.organisation_name) if entry.fact else (),
        )
        for n, entry in enumerate(entries, start=1)
    ]


def beside(visit: Visit, kind: Kind[Any], subject: Subject, offered: Sequence[Offer]) -> dict[str, Any]:
    """Return what the page of a kind shows besides the state: what is due next, what a single measure allows."""
    if kind.name == THREAT_CASE.name:
        with visit.portal.reading.database.reading(visit.actor) as cursor:
            item = worklist.of_case(cursor, subject.found.case.stream)
        steps = item.next_steps if item else ()
        taken_with = {offer.command: offer for offer in offered if not offer.refusal}
        return {
            "next_steps": [(step, taken_with.get(TAKEN_WITH[step.step])) for step in steps],
            "sheet": FileAangifte in taken_with,
        }
    if kind.name == SECURITY_ADVICE.name:
        act = circumstances(visit, subject.found.case.stream)
        choices = [(offer, offer.command.choices(subject.state, act).get("measure", ())) for offer in offered]
        regime = subject.state.regime
        return {
            "per_measure": [(offer, numbers) for offer, numbers in choices if numbers and not offer.refusal],
            "offers": [offer for offer, numbers in choices if not offer.refusal and not numbers],
            "sees": {fact.__name__ for fact in kind.facts if not subject.found.parties.isdisjoint(fact.audience)},
            "knows_advice": regime is None or rules_of(regime).knows_advice,
            "shows_costs": subject.state.one_off_cents is not None,
        }
    if kind.name == CONSULTATION.name:
        heard = subject.state.first_intake or subject.state.closed
        return {"due_on": None if heard else first_intake_due(subject.state.received_on)}
    return {}
