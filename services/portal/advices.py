"""Which requests for security advice wait for the visitor, and for what?"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response

from domain.basis import Command, Role
from domain.bodies import BodyId
from domain.rules.home_security import rules_of
from domain.security_advice import AdoptAdvice, DraftAdvice, GiveAdvice, RecordHomeVisit, SecurityAdvice
from domain.values import AMSTERDAM
from services.portal import labels
from services.portal.pages import ADVISERS, CARE, Visiting, only
from services.projections import measure_progress
from services.projections.measure_progress import QueueCount, QueueStep
from services.web.problems import NotFound

ROWS = 50
ALL = "alle"

STEPS: Mapping[Role, tuple[QueueStep, ...]] = {
    Role.CCV: (QueueStep.VISIT, QueueStep.DRAFT, QueueStep.FIX),
    Role.BVA: (QueueStep.FIX, QueueStep.DRAFT, QueueStep.VISIT),
    Role.PUBLIC_BODY: (QueueStep.ADOPT, QueueStep.ORDER, QueueStep.INSTALL, QueueStep.VERIFY),
    Role.SUPPORT_TEAM: (),
    Role.AUDITOR: tuple(step for step in QueueStep if step is not QueueStep.ADVISE),
}
"""What is expected of each role, their own first; an auditor sees what all others wait for."""

TAKEN_BY: Mapping[QueueStep, type[Command[SecurityAdvice]]] = {
    QueueStep.VISIT: RecordHomeVisit,
    QueueStep.DRAFT: DraftAdvice,
    QueueStep.FIX: GiveAdvice,
    QueueStep.ADOPT: AdoptAdvice,
}
"""The command with which a request goes on that waits as a whole; a measure is chosen in the dossier."""

EMPTY: Mapping[QueueStep | None, str] = {
    QueueStep.VISIT: "Er wacht geen woning op een bezoek.",
    QueueStep.DRAFT: "Er hoeft geen conceptadvies te worden opgesteld.",
    QueueStep.FIX: "Er wacht geen concept op vaststelling.",
    QueueStep.ADOPT: "Er is geen advies om over te nemen.",
    QueueStep.ORDER: "Er is geen maatregel te bestellen.",
    QueueStep.INSTALL: "Er is geen maatregel aan te brengen.",
    QueueStep.VERIFY: "Er is geen maatregel te controleren.",
    None: "Er zijn geen aanvragen die u kunt zien.",
}


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/adviezen", name="advices", dependencies=[only(*ADVISERS, *CARE, Role.AUDITOR)])
    def show(
        visit: Visiting,
        asked: Annotated[str, Query(alias="toon", max_length=16)] = "",
        after: Annotated[str | None, Query(alias="vanaf", max_length=1000)] = None,
    ) -> Response:
        """Show the requests that wait for a step, the longest wait first, or all of them, the newest first."""
        reading, role = visit.portal.reading, visit.actor.role
        steps = STEPS[role]
        body = BodyId(visit.actor.organisation) if role is Role.PUBLIC_BODY else None
        person = visit.actor.person if role is Role.PUBLIC_BODY else None
        with reading.of_cases(visit.actor) as cursor:
            counts = {found.step: found for found in measure_progress.counts(cursor, body=body, person=person)}
            step = chosen(asked, steps, counts)
            purpose = f"advices page {step or ALL}"
            place = reading.cursor(purpose, after)
            if step is None:
                page = measure_progress.newest(cursor, body=body, after=place, limit=ROWS)
            else:
                page = measure_progress.queue(cursor, step, body=body, person=person, after=place, limit=ROWS)
        command = TAKEN_BY.get(step) if step else None
        return visit.page(
            "advices.html",
            items=page.items,
            step=step,
            steps=steps,
            counts=counts,
            act=(command.noun, labels.COMMANDS[command].title) if command and role in command.roles else None,
            empty=EMPTY[step],
            rules_of=rules_of,
            today=visit.moment.astimezone(AMSTERDAM).date(),
            following=reading.opaque.seal(f"cursor {purpose}", page.after) if page.after else "",
            drafts=visit.portal.drafts.of(visit.actor),
        )

    return router


def chosen(asked: str, steps: tuple[QueueStep, ...], counts: Mapping[QueueStep, QueueCount]) -> QueueStep | None:
    """Return the step that is *asked* for, or ``None`` for all; by default the first of *steps* for which one waits.

    Raises NotFound for what is not among them.
    """
    if not asked:
        return next((step for step in steps if step in counts), None)
    if asked == ALL:
        return None
    if asked not in steps:
        raise NotFound
    return QueueStep(asked)
