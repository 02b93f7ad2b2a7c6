"""Which words do pages use for a threat case?"""

from domain.threat_case import (
    Aangifte,
    AangifteAlreadyFiled,
    AangifteAlreadyWaived,
    AangifteFiled,
    AangifteWaived,
    AddVptCode,
    AftercareAlreadyOffered,
    AftercareOffered,
    AssessThreat,
    CloseThreatCase,
    CorrectReport,
    FileAangifte,
    NothingAssessed,
    NothingCorrected,
    NotifyPolice,
    OfferAftercare,
    PoliceAlreadyNotified,
    PoliceNotified,
    PoliceNotNotified,
    ReopenThreatCase,
    ReportCorrected,
    ReportThreat,
    SecurityAdviceSought,
    ThreatAssessed,
    ThreatCase,
    ThreatCaseClosed,
    ThreatCaseIsClosed,
    ThreatCaseIsOpen,
    ThreatCaseReopened,
    ThreatReported,
    VptCodeAdded,
    VptCodeAlreadyKnown,
    WaiveAangifte,
)
from services.portal.labels.words import KindWords, Label, Vocabulary, Words

ONLY_CHANGES = "Vul alleen in wat verandert."
WHY_NO_AANGIFTE = Label("Reden om geen aangifte te doen", question="Waarom wordt er geen aangifte gedaan?")
WHY_CLOSED = Label("Reden van sluiten", question="Waarom sluit u de zaak?")
WHY_REOPENED = Label("Reden van heropenen", question="Waarom gaat de zaak verder?")
WHAT_WAS_WRONG = Label("Wat er niet klopte", "Schrijf ook op hoe dat bleek.", "Wat klopte er niet?")

WORDS = Vocabulary(
    kinds={"threat_case": KindWords("dreigingscase", "dreigingscases", "Nieuwe melding")},
    facts={
        ThreatReported: "Dreiging gemeld",
        ThreatAssessed: "Dreiging beoordeeld",
        ReportCorrected: "Melding gecorrigeerd",
        PoliceNotified: "Politie ingelicht",
        VptCodeAdded: "VPT-code toegevoegd",
        AangifteFiled: "Aangifte gedaan",
        AangifteWaived: "Van aangifte afgezien",
        AftercareOffered: "Nazorg aangeboden",
        SecurityAdviceSought: "Beveiligingsadvies aangevraagd",
        ThreatCaseClosed: "Zaak gesloten",
        ThreatCaseReopened: "Zaak heropend",
    },
    commands={
        ReportThreat: Words("Dreiging melden", "Melding vastleggen", "Vier antwoorden zijn genoeg; de rest kan later."),
        AssessThreat: Words("Dreiging beoordelen", "Beoordeling vastleggen", "Wat u openlaat, blijft zoals het was."),
        CorrectReport: Words(
            "Melding corrigeren", "Correctie vastleggen", "Wat er eerst stond, blijft te lezen in de tijdlijn."
        ),
        NotifyPolice: Words(
            "Inlichten van de politie vastleggen",
            "Vastleggen",
            "U legt vast dat de politie het al weet: dit systeem licht de politie niet in.",
        ),
        AddVptCode: Words(
            "VPT-code toevoegen", "Toevoegen", "U legt vast dat de politie de code alsnog heeft geregistreerd."
        ),
        FileAangifte: Words(
            "Aangifte vastleggen",
            "Vastleggen",
            "U legt vast dat aangifte is gedaan: aangifte doen gaat bij de politie.",
        ),
        WaiveAangifte: Words(
            "Afzien van aangifte vastleggen",
            "Vastleggen",
            "Komt er later toch aangifte, dan kunt u die nog vastleggen.",
        ),
        OfferAftercare: Words("Aanbod van nazorg vastleggen", "Vastleggen"),
        CloseThreatCase: Words("Zaak sluiten", "Zaak sluiten", "Een gesloten zaak kunt u later heropenen."),
        ReopenThreatCase: Words("Zaak heropenen", "Zaak heropenen"),
    },
    defaults={
        "axes": Label("Kenmerken van de dreiging", "Wat u nog niet weet, laat u open."),
        "by": Label("Aangifte gedaan door", question="Wie heeft aangifte gedaan?"),
        "call_back_number": Label(
            "Terugbelnummer", "Waar u de melder kunt bereiken.", "Op welk nummer kunt u de melder terugbellen?"
        ),
        "capacity": Label("Wie de melder is", question="Wie is de melder?"),
        "care": Label("Nazorg", question="Welke nazorg is aangeboden?"),
        "channel": Label("Hoe of waar", question="Hoe of waar gebeurde het?"),
        "danger_now": Label("Gevaar op dit moment", "Bij direct gevaar: bel eerst 112.", "Is er nu gevaar?"),
        "form": Label("Vorm van agressie", question="Om welke vorm van agressie gaat het?"),
        "offender": Label("Soort dader", question="Wat voor dader is het?"),
        "offender_known": Label("Dader bekend", question="Is bekend wie het doet?"),
        "pressure": Label("Besluit of proces onder druk", question="Welk besluit of proces staat onder druk?"),
        "reporter_name": Label(
            "Naam van de melder", "Laat leeg als de melder anoniem wil blijven.", "Hoe heet de melder?"
        ),
        "severity": Label("Ernst", question="Hoe ernstig is het?"),
        "target": Label("Doelwit", question="Tegen wie of wat is het gericht?"),
        "victim": Label("Slachtoffer", "Alleen als dat iemand anders is dan de melder.", "Wie wordt bedreigd?"),
        "vpt_code": Label(
            "VPT-code geregistreerd",
            "Aan deze code herkennen politie en OM agressie tegen mensen met een publieke taak.",
            "Heeft de politie de VPT-code geregistreerd?",
        ),
    },
    fields={
        ReportThreat: {
            "office": Label(
                "Ambt of functie", "Van wie wordt bedreigd.", "Wat is het ambt of de functie van wie wordt bedreigd?"
            ),
        },
        CorrectReport: {
            "reason": WHAT_WAS_WRONG,
            "axes": Label("Kenmerken van de dreiging", ONLY_CHANGES),
        },
        ReportCorrected: {"reason": WHAT_WAS_WRONG},
        WaiveAangifte: {"reason": WHY_NO_AANGIFTE},
        AangifteWaived: {"reason": WHY_NO_AANGIFTE},
        SecurityAdviceSought: {"advice": Label("Aanvraag om beveiligingsadvies")},
        CloseThreatCase: {"reason": WHY_CLOSED},
        ThreatCaseClosed: {"reason": WHY_CLOSED},
        ReopenThreatCase: {"reason": WHY_REOPENED},
        ThreatCaseReopened: {"reason": WHY_REOPENED},
        Aangifte: {"filed": Label("Aangifte gedaan op"), "waived": WHY_NO_AANGIFTE},
        ThreatCase: {
            "aangifte": Label("Aangifte"),
            "aftercare": Label("Aangeboden nazorg"),
            "closed": WHY_CLOSED,
            "police_notified": Label("Politie ingelicht op"),
            "security_advice": Label("Aanvragen om beveiligingsadvies"),
        },
    },
    refusals={
        ThreatCaseIsClosed: "Deze zaak is gesloten. Heropen de zaak eerst.",
        ThreatCaseIsOpen: "Deze zaak is nog open. Heropenen is niet nodig.",
        NothingAssessed: "U hebt nog niets beoordeeld. Vul ten minste één kenmerk in.",
        NothingCorrected: "U hebt nog niets gecorrigeerd. Vul ten minste één antwoord in dat verandert.",
        PoliceAlreadyNotified: "Dat de politie is ingelicht, is al vastgelegd. U hoeft niets te doen.",
        PoliceNotNotified: (
            "De politie weet nog van niets. Leg eerst vast dat de politie is ingelicht, of dat er aangifte is gedaan."
        ),
        VptCodeAlreadyKnown: "Dat de politie de VPT-code heeft geregistreerd, is al vastgelegd. U hoeft niets te doen.",
        AangifteAlreadyFiled: "In deze zaak is al aangifte gedaan. U hoeft niets te doen.",
        AangifteAlreadyWaived: "Dat er geen aangifte komt, is al vastgelegd. Komt die er toch, leg die dan vast.",
        AftercareAlreadyOffered: "Deze nazorg is al aangeboden. Kies andere nazorg.",
    },
)
