"""Which words do all kinds of case share?"""

from domain.basis import DayInTheFuture, DayTooEarly, Grant, NothingCorrected, UnknownBody
from domain.people import PersonDetails, Statement
from domain.rules.offices import OfficeNotOfThisBody
from services.cases.handling import AlreadyExists, NothingMoreToRecord, RelatedCaseUnknown
from services.portal.labels.words import Label, Vocabulary

TODAY = "Laat leeg als het vandaag is."
WHAT_WAS_WRONG = Label("Wat er niet klopte", "Schrijf ook op hoe dat bleek.", "Wat klopte er niet?")

WORDS = Vocabulary(
    defaults={
        "account": Label("Wat er is gebeurd", "In de woorden van de melder.", "Wat is er gebeurd?"),
        "body": Label("Gemeente, provincie of waterschap", "Typ de eerste letters en kies uit de lijst."),
        "body_kind": Label("Soort openbaar bestuur", question="Om wat voor openbaar bestuur gaat het?"),
        "external_reference": Label("Kenmerk van de afzender", "Het nummer waaronder dit in uw eigen systeem staat."),
        "number": Label("Zaaknummer"),
        "office": Label("Ambt of functie", question="Om welk ambt of welke functie gaat het?"),
        "on": Label("Datum", TODAY, "Wanneer was dat?"),
        "organisation": Label("Organisatie"),
        "owner": Label("Behandelende organisatie"),
        "owner_role": Label("Rol van de behandelende organisatie"),
        "received_on": Label("Ontvangen op", TODAY, "Wanneer kwam dit binnen?"),
        "reporter": Label("Melder"),
        "role": Label("Rol", question="Om welke rol gaat het?"),
        "subject": Label("Willekeurig kenmerk"),
    },
    fields={
        PersonDetails: {"name": Label("Naam"), "phone": Label("Telefoonnummer")},
        Statement: {"text": Label("Tekst")},
        Grant: {"party": Label("Partij")},
    },
    refusals={
        UnknownBody: "Op die dag staat dit openbaar bestuur niet in het register. Kies een ander, of een andere dag.",
        OfficeNotOfThisBody: (
            "Dit ambt bestaat daar niet: een provincie heeft bijvoorbeeld geen burgemeester. Kies een ander ambt of een"
            " ander openbaar bestuur."
        ),
        DayInTheFuture: "Wat al is gebeurd, kan niet in de toekomst liggen. Vul vandaag in, of een eerdere dag.",
        DayTooEarly: "Deze dag ligt vóór de stap waar dit op volgt. Vul een latere dag in.",
        NothingCorrected: "U hebt nog niets gecorrigeerd. Verander ten minste één antwoord.",
        RelatedCaseUnknown: (
            "De andere zaak die u noemt bestaat niet, of u kunt die niet zien. Controleer het zaaknummer of laat het"
            " leeg."
        ),
        NothingMoreToRecord: ("Iemand in deze zaak is gewist, of de hele zaak. Over hen wordt niets meer vastgelegd."),
        AlreadyExists: "Deze naam is al in gebruik. Kies een andere naam.",
    },
)
