"""What exactly does each figure about the progress of measures count?"""

from collections.abc import Mapping

from domain.security_advice import CancelReason, DeclineReason, RemovalReason
from services.projections.measure_progress import Exit, Step

DEFINITIONS: Mapping[tuple[str, str], str] = {
    # how many came as far as a step, whatever happened next
    ("reached", Step.REQUESTED): (
        "Het aantal aanvragen om een beveiligingsadvies; onder de regeling van 2021 tot en met 2023 om een vergoeding."
    ),
    ("reached", Step.ADVICE_GIVEN): (
        "Het aantal aanvragen waarop de beveiligingsautoriteit een beveiligingsadvies heeft uitgebracht."
    ),
    ("reached", Step.ADVICE_ADOPTED): (
        "Het aantal uitgebrachte beveiligingsadviezen dat door het openbaar bestuur is overgenomen."
    ),
    ("reached", Step.ADVISED): (
        "Het aantal maatregelen in de uitgebrachte beveiligingsadviezen; één advies kan meer maatregelen bevatten."
    ),
    ("reached", Step.ORDERED): "Het aantal maatregelen dat is besteld, wat er daarna ook mee is gebeurd.",
    ("reached", Step.INSTALLED): ("Het aantal maatregelen dat is aangebracht, ook als ze daarna weer zijn verwijderd."),
    ("reached", Step.VERIFIED): (
        "Het aantal aangebrachte maatregelen dat is gecontroleerd door iemand anders dan wie het aanbrengen vastlegde,"
        " ook als ze daarna weer zijn verwijderd."
    ),
    # how many stand at a step now
    ("open", Step.REQUESTED): "Het aantal aanvragen waarop nog geen beveiligingsadvies is uitgebracht.",
    ("open", Step.ADVICE_GIVEN): (
        "Het aantal uitgebrachte beveiligingsadviezen dat nog niet door het openbaar bestuur is overgenomen."
    ),
    ("open", Step.ADVICE_ADOPTED): (
        "Het aantal overgenomen beveiligingsadviezen. Dit is de laatste stap van een aanvraag; daarna telt elke"
        " maatregel apart."
    ),
    ("open", Step.ADVISED): (
        "Het aantal geadviseerde maatregelen dat nog niet is besteld en ook niet is geweigerd of vervallen."
    ),
    ("open", Step.ORDERED): (
        "Het aantal bestelde maatregelen dat nog niet is aangebracht en ook niet is geweigerd of vervallen."
    ),
    ("open", Step.INSTALLED): (
        "Het aantal aangebrachte maatregelen dat nog niet is gecontroleerd en ook niet is verwijderd."
    ),
    ("open", Step.VERIFIED): (
        "Het aantal gecontroleerde maatregelen dat niet is verwijderd. Dit is de laatste stap van een maatregel."
    ),
    # how many left at a step, and why
    (Exit.DECLINED, DeclineReason.DECLINED_BY_HOLDER): (
        "Het aantal maatregelen dat niet wordt aangebracht omdat de ambtsdrager ervan afziet."
    ),
    (Exit.DECLINED, DeclineReason.OWNER_REFUSES): (
        "Het aantal maatregelen dat niet wordt aangebracht omdat de eigenaar van de woning of de vereniging van"
        " eigenaars (VvE) weigert."
    ),
    (Exit.CANCELLED, CancelReason.INFEASIBLE): (
        "Het aantal maatregelen dat niet wordt aangebracht omdat dat niet uitvoerbaar is."
    ),
    (Exit.CANCELLED, CancelReason.SUPERSEDED): (
        "Het aantal maatregelen dat niet wordt aangebracht omdat een andere maatregel in de plaats komt."
    ),
    (Exit.CANCELLED, CancelReason.OFFICE_ENDED): (
        "Het aantal maatregelen dat niet wordt aangebracht omdat het ambt is beëindigd."
    ),
    (Exit.REMOVED, RemovalReason.MOVED_HOME): (
        "Het aantal aangebrachte maatregelen dat is verwijderd omdat de ambtsdrager is verhuisd."
    ),
    (Exit.REMOVED, RemovalReason.OFFICE_ENDED): (
        "Het aantal aangebrachte maatregelen dat is verwijderd omdat het ambt is beëindigd."
    ),
    (Exit.REMOVED, RemovalReason.THREAT_ENDED): (
        "Het aantal aangebrachte maatregelen dat is verwijderd omdat de dreiging voorbij is."
    ),
    (Exit.REMOVED, RemovalReason.REPLACED): (
        "Het aantal aangebrachte maatregelen dat is verwijderd omdat een andere maatregel in de plaats kwam."
    ),
}
"""By what is counted: as far as (``reached``) or at (``open``) which step, or by which exit and for which reason."""

NOTES: Mapping[str, str] = {
    "regime": (
        "Welke regeling geldt, hangt af van de dag van de aanvraag. Onder de regeling van 2021 tot en met 2023 worden"
        " alleen kosten vergoed: daar horen geen advies en geen maatregelen bij."
    ),
    "months": (
        "Per kalendermaand, voor heel Nederland: hoeveel aanvragen en maatregelen in die maand een stap bereikten of"
        " afvielen. De dag waarop iets gebeurde telt; voor een geweigerde of vervallen maatregel de dag van vastleggen."
    ),
    "years": (
        "Per kalenderjaar en per provincie waarin het openbaar bestuur ligt. Waterschappen en Caribisch Nederland horen"
        " niet bij een provincie en staan apart."
    ),
    "withheld": (
        "Een aantal van 1 tot en met 9 wordt niet getoond, zodat niemand te herkennen is. Soms blijft ook een groter"
        " aantal of een nul weg, omdat het kleine aantal anders uit te rekenen is."
    ),
    "rounded": (
        "Getoonde aantallen zijn afgerond op het dichtstbijzijnde veelvoud van 5. Een totaal is zelf afgerond en is"
        " daarom niet altijd de som van de getoonde aantallen."
    ),
}
"""How to read the tables: of which rules, over which period, and why a number is missing or round."""
