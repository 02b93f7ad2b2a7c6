"""How do the public facts about the network become its first history?"""

from domain.organisations import (
    NETWORK,
    ORGANISATION,
    Milestone,
    OrganisationKind,
    RecordMilestone,
    RegisterOrganisation,
)
from infra.events import Origin
from infra.identity import Caller
from infra.registers import rows
from services.cases.handling import Handling, Request
from services.demo.cast import CAST


def record_public_facts(handling: Handling) -> int:
    """Record the network and what the public record says about it, once; return how many facts there are.

    Goes through the same decisions as everybody's commands; idempotency keys make a repeat do nothing.
    """
    register = RegisterOrganisation(
        organisation=NETWORK, name="Netwerk Weerbaar Bestuur", kind=OrganisationKind.NETWORK
    )
    commands = [
        register,
        *(
            RecordMilestone.model_validate(
                {
                    "on": row["date"],
                    "milestone": Milestone(row["kind"]),
                    "body": row.get("body"),
                    "detail": row["detail"],
                    "source": row["source"],
                }
            )
            for row in rows("public_facts.csv")
        ),
    ]
    for number, command in enumerate(commands):
        handling.handle_now(
            ORGANISATION,
            Request(
                command=command,
                caller=Caller(actor=CAST["administrator"]),
                key=None if command is register else NETWORK,
                idempotency_key=f"public-record-{number}",
                origin=Origin.PUBLIC_RECORD,
            ),
        )
    return len(commands)
