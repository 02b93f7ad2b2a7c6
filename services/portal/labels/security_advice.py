"""Which words do pages use for security advice and its measures?"""

from domain.security_advice import (
    AdoptAdvice,
    AdviceAdopted,
    AdviceAlreadyAdopted,
    AdviceAlreadyGiven,
    AdviceDrafted,
    AdviceGiven,
    AdviceNotAdopted,
    AdviceNotGiven,
    AdviceRequested,
    AdvisedMeasure,
    BeforeTheFirstRegime,
    CancelMeasure,
    DeclineMeasure,
    DraftAdvice,
    GiveAdvice,
    HomeAlreadyVisited,
    HomeVisited,
    InstallerCannotVerify,
    InstallMeasure,
    Measure,
    MeasureAlreadyInstalled,
    MeasureAlreadyOrdered,
    MeasureAlreadyVerified,
    MeasureCancelled,
    MeasureDeclined,
    MeasureHasEnded,
    MeasureInstalled,
    MeasureNotInstalled,
    MeasureNotOrdered,
    MeasureOrdered,
    MeasureRemoved,
    MeasureUnknown,
    MeasureVerified,
    OfficeNotEntitled,
    OrderMeasure,
    ProposedMeasure,
    RecordHomeVisit,
    RegimeKnowsNoAdvice,
    RemoveMeasure,
    RequestAdvice,
    SecurityAdvice,
    VerifyMeasure,
    VisitReported,
)
from services.portal.labels.common import TODAY
from services.portal.labels.words import KindWords, Label, Vocabulary, Words

MEASURE_KIND = Label("Soort maatregel", question="Om wat voor maatregel gaat het?")
MEASURE_NUMBER = Label("Nummer van de maatregel")
ONE_MEASURE = Label("Maatregel")
"""Of a form that asks for them one by one."""
EXPLANATION = Label("Toelichting", "Wat het precies is, en waarom u het adviseert.")
WHY_DECLINED = Label("Reden van weigering", question="Wie wil de maatregel niet?")
WHY_CANCELLED = Label("Reden van vervallen", question="Waarom komt de maatregel er niet?")
WHY_REMOVED = Label("Reden van verwijdering", question="Waarom is de maatregel verwijderd?")

WORDS = Vocabulary(
    kinds={"security_advice": KindWords("beveiligingsadvies", "beveiligingsadviezen", "Nieuwe aanvraag")},
    facts={
        AdviceRequested: "Beveiligingsadvies aangevraagd",
        HomeVisited: "Woning bezocht",
        VisitReported: "Bezoekverslag opgemaakt",
        AdviceDrafted: "Conceptadvies opgesteld",
        AdviceGiven: "Beveiligingsadvies uitgebracht",
        AdviceAdopted: "Beveiligingsadvies overgenomen",
        MeasureOrdered: "Maatregel besteld",
        MeasureInstalled: "Maatregel aangebracht",
        MeasureVerified: "Maatregel gecontroleerd",
        MeasureDeclined: "Maatregel geweigerd",
        MeasureCancelled: "Maatregel vervallen",
        MeasureRemoved: "Maatregel verwijderd",
    },
    commands={
        RequestAdvice: Words(
            "Beveiligingsadvies aanvragen",
            "Aanvragen",
            "Voor een aanvraag gelden de regels van de dag waarop die is gedaan.",
        ),
        RecordHomeVisit: Words("Huisbezoek vastleggen", "Vastleggen"),
        DraftAdvice: Words(
            "Conceptadvies opstellen",
            "Concept vastleggen",
            "Tot het advies is uitgebracht, vervangt een nieuw concept het vorige.",
        ),
        GiveAdvice: Words(
            "Beveiligingsadvies uitbrengen", "Advies uitbrengen", "Een uitgebracht advies kunt u niet meer veranderen."
        ),
        AdoptAdvice: Words(
            "Beveiligingsadvies overnemen",
            "Advies overnemen",
            "U neemt het advies als geheel over. De raad hoeft daar niet over te besluiten.",
        ),
        OrderMeasure: Words(
            "Bestelling vastleggen", "Vastleggen", "U legt vast dat de maatregel is besteld: dit systeem bestelt niets."
        ),
        InstallMeasure: Words(
            "Aanbrengen vastleggen", "Vastleggen", "Laat de controle daarna door iemand anders vastleggen."
        ),
        VerifyMeasure: Words(
            "Controle vastleggen",
            "Vastleggen",
            "U legt vast dat u de maatregel ter plaatse hebt gezien, en dat die in orde is.",
        ),
        DeclineMeasure: Words("Weigering vastleggen", "Vastleggen", "Dit kan tot de maatregel is aangebracht."),
        CancelMeasure: Words(
            "Maatregel laten vervallen", "Laten vervallen", "Dit kan tot de maatregel is aangebracht."
        ),
        RemoveMeasure: Words("Verwijdering vastleggen", "Vastleggen"),
    },
    defaults={
        "address": Label("Adres van de woning", question="Wat is het adres van de woning?"),
        "holder": Label("Ambtsdrager", question="Voor wie is het advies?"),
        "home": Label("Woning"),
        "installer": Label("Wie het aanbrengen vastlegde"),
        "measure": Label("Maatregel", question="Om welke maatregel gaat het?"),
        "measures": Label("Maatregelen"),
        "one_off_cents": Label("Eenmalige kosten", "Inclusief btw.", "Wat kost de maatregel eenmalig?"),
        "recurring_cents_per_month": Label(
            "Kosten per maand",
            "Inclusief btw: bijvoorbeeld het abonnement op een alarm. Laat leeg als er geen zijn.",
            "Wat kost de maatregel per maand?",
        ),
        "regime": Label("Regeling"),
        "report": Label(
            "Bezoekverslag", "Alleen het CCV en de beveiligingsautoriteit lezen dit.", "Wat trof de bezoeker aan?"
        ),
        "requested_on": Label("Datum van de aanvraag", TODAY, "Wanneer is het advies aangevraagd?"),
        "requester": Label("Aanvrager"),
        "requester_role": Label("Rol van de aanvrager"),
        "supplier": Label("Leverancier", question="Bij wie is de maatregel besteld?"),
        "visitor": Label("Bezoek door", question="Wie heeft de woning bezocht?"),
    },
    fields={
        RequestAdvice: {
            "office": Label(
                "Ambt",
                "Het ambt dat de ambtsdrager heeft, of krijgt als de benoeming zeker is.",
                "Wat is het ambt van de ambtsdrager?",
            ),
            "threat_case": Label(
                "Zaaknummer van de dreiging",
                "Alleen als de aanvraag uit een dreiging volgt, bijvoorbeeld DR-2026-000123.",
                "Uit welke dreiging volgt de aanvraag?",
            ),
        },
        DraftAdvice: {"measures": ONE_MEASURE},
        GiveAdvice: {"measures": ONE_MEASURE},
        ProposedMeasure: {"kind": MEASURE_KIND, "reason": EXPLANATION},
        AdvisedMeasure: {"number": MEASURE_NUMBER, "kind": MEASURE_KIND, "reason": EXPLANATION},
        DeclineMeasure: {"reason": WHY_DECLINED},
        MeasureDeclined: {"reason": WHY_DECLINED},
        CancelMeasure: {"reason": WHY_CANCELLED},
        MeasureCancelled: {"reason": WHY_CANCELLED},
        RemoveMeasure: {"reason": WHY_REMOVED},
        MeasureRemoved: {"reason": WHY_REMOVED},
        Measure: {
            "number": MEASURE_NUMBER,
            "status": Label("Stand"),
            "kind": MEASURE_KIND,
            "reason": EXPLANATION,
            "ordered": Label("Besteld op"),
            "installed": Label("Aangebracht op"),
            "verified": Label("Gecontroleerd op"),
            "removed": Label("Verwijderd op"),
            "exit": Label("Reden van het einde"),
        },
        SecurityAdvice: {
            "advisers": Label("Adviseurs"),
            "visits": Label("Huisbezoek door"),
            "visit_reports": Label("Bezoekverslagen"),
            "drafted": Label("Conceptadvies opgesteld op"),
            "draft": Label("Maatregelen in het conceptadvies"),
            "given": Label("Advies uitgebracht op"),
            "adopted": Label("Advies overgenomen op"),
        },
    },
    refusals={
        BeforeTheFirstRegime: (
            "De regels voor de beveiliging van woningen gelden vanaf 1 januari 2021. Vul een latere datum in."
        ),
        OfficeNotEntitled: (
            "Dit ambt geeft geen recht op beveiligingsmaatregelen aan de woning. Vraag in plaats daarvan de gratis"
            " woningscan van het CCV aan."
        ),
        RegimeKnowsNoAdvice: (
            "Voor aanvragen van 2021 tot en met 2023 worden alleen kosten vergoed: een huisbezoek, advies of maatregel"
            " hoort daar niet bij. Doe zo nodig een nieuwe aanvraag."
        ),
        HomeAlreadyVisited: "Het huisbezoek is al vastgelegd. U hoeft niets te doen.",
        AdviceAlreadyGiven: "Het advies is al uitgebracht. Het staat vast en kan niet meer veranderen.",
        AdviceNotGiven: "De beveiligingsautoriteit heeft nog geen advies uitgebracht. Wacht op het advies.",
        AdviceAlreadyAdopted: "Het advies is al overgenomen. U kunt de maatregelen bestellen.",
        AdviceNotAdopted: "Het advies is nog niet overgenomen. Neem het eerst over, dan kunt u maatregelen bestellen.",
        MeasureUnknown: "Een maatregel met dit nummer staat niet in het advies. Kies een maatregel uit het advies.",
        MeasureAlreadyOrdered: "De maatregel is al besteld. Leg als volgende stap vast dat die is aangebracht.",
        MeasureNotOrdered: "De maatregel is nog niet besteld. Leg eerst de bestelling vast.",
        MeasureAlreadyInstalled: (
            "De maatregel is al aangebracht. Daarna kunt u alleen nog de controle of de verwijdering vastleggen."
        ),
        MeasureNotInstalled: "De maatregel is niet aangebracht. Leg eerst het aanbrengen vast.",
        MeasureAlreadyVerified: "De maatregel is al gecontroleerd. U hoeft niets te doen.",
        InstallerCannotVerify: (
            "U hebt zelf vastgelegd dat de maatregel is aangebracht. Laat iemand anders de controle doen."
        ),
        MeasureHasEnded: "De maatregel is geweigerd, vervallen of verwijderd. Daar hoeft u niets meer voor te doen.",
    },
)
