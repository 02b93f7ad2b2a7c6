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
    AlreadyAssessed,
    AlreadyHandling,
    AssessThreat,
    BeforeTheThreat,
    CallBackInThePast,
    CallBackPlanned,
    CallNoted,
    CaseHandedOver,
    CaseTaken,
    CloseThreatCase,
    CorrectReport,
    DangerNotExplained,
    DangerPassed,
    EndDanger,
    FileAangifte,
    HandOverCase,
    NobodyHandles,
    NoDangerNow,
    NoteCall,
    NothingAssessed,
    NotifyPolice,
    OfferAftercare,
    PlanCallBack,
    PoliceAlreadyNotified,
    PoliceNotified,
    PoliceNotNotified,
    ReopenThreatCase,
    ReportCorrected,
    ReportThreat,
    SecurityAdviceSought,
    TakeCase,
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
from services.portal.labels.common import WHAT_WAS_WRONG
from services.portal.labels.words import KindWords, Label, Vocabulary, Words

ONLY_CHANGES = "Vul alleen in wat verandert."
CALL_BACK = Label("Terugbellen op", "Laat leeg als dat niet nodig is.", "Wanneer belt u terug?")
CALL = Label("Wat er is gezegd", question="Wat is er gezegd?")
HAND_OVER = Label(
    "Overdracht", "Wat is afgesproken, en wat moet nog gebeuren.", "Wat moet de volgende behandelaar weten?"
)
WHY_NO_AANGIFTE = Label("Reden om geen aangifte te doen", question="Waarom wordt er geen aangifte gedaan?")
WHY_CLOSED = Label("Reden van sluiten", question="Waarom sluit u de zaak?")
WHY_CLOSED_IN_WORDS = Label(
    "Toelichting bij het sluiten",
    "Is er nog gevaar? Schrijf dan op waarom de zaak toch dicht kan.",
    "Wilt u dat toelichten?",
)
WHY_REOPENED = Label("Reden van heropenen", question="Waarom gaat de zaak verder?")

WORDS = Vocabulary(
    kinds={"threat_case": KindWords("dreigingscase", "dreigingscases", "Nieuwe melding")},
    facts={
        ThreatReported: "Dreiging gemeld",
        ThreatAssessed: "Dreiging beoordeeld",
        ReportCorrected: "Melding gecorrigeerd",
        DangerPassed: "Gevaar voorbij",
        CaseTaken: "Zaak opgepakt",
        CaseHandedOver: "Zaak overgedragen",
        CallNoted: "Gesprek vastgelegd",
        CallBackPlanned: "Terugbelafspraak gemaakt",
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
        EndDanger: Words(
            "Einde van het gevaar vastleggen", "Vastleggen", "U legt vast dat het gevaar dat is gemeld, voorbij is."
        ),
        TakeCase: Words("Zaak oppakken", "Oppakken", "U wordt de behandelaar van deze zaak."),
        HandOverCase: Words(
            "Zaak overdragen", "Overdragen", "Tot een collega de zaak oppakt, blijft uw overdracht bovenaan staan."
        ),
        NoteCall: Words(
            "Gesprek vastleggen", "Vastleggen", "Een terugbelafspraak is hiermee klaar, tenzij u een nieuwe maakt."
        ),
        PlanCallBack: Words(
            "Terugbelafspraak maken", "Afspraak vastleggen", "Een eerdere terugbelafspraak vervalt hiermee."
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
        "began_on": Label(
            "Begonnen op", "Is het vaker gebeurd, dan de dag van de eerste keer.", "Op welke dag is het gebeurd?"
        ),
        "by": Label("Aangifte gedaan door", question="Wie heeft aangifte gedaan?"),
        "call_back_at": CALL_BACK,
        "call_back_number": Label("Terugbelnummer", question="Op welk nummer kunt u de melder terugbellen?"),
        "capacity": Label("Wie de melder is", question="Wie is de melder?"),
        "care": Label("Nazorg", question="Welke nazorg is aangeboden?"),
        "channel": Label("Hoe of waar", question="Hoe of waar gebeurde het?"),
        "danger_now": Label("Gevaar op dit moment", "Bij direct gevaar: bel eerst 112.", "Is er nu gevaar?"),
        "form": Label("Vorm van agressie", question="Om welke vorm van agressie gaat het?"),
        "handler": Label("Behandelaar"),
        "offender": Label("Soort dader", question="Wat voor dader is het?"),
        "offender_known": Label("Dader bekend", question="Is bekend wie het doet?"),
        "pressure": Label("Besluit of proces onder druk", question="Welk besluit of proces staat onder druk?"),
        "reported_on": Label("Gemeld op"),
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
            "office": Label("Ambt of functie", question="Wat is het ambt of de functie van wie wordt bedreigd?"),
        },
        AssessThreat: {"axes": Label("Kenmerken van de dreiging")},
        CorrectReport: {
            "reason": WHAT_WAS_WRONG,
            "axes": Label("Kenmerken van de dreiging", ONLY_CHANGES),
        },
        ReportCorrected: {"reason": WHAT_WAS_WRONG},
        HandOverCase: {
            "note": HAND_OVER,
            "call_back_at": Label(
                "Terugbellen op",
                "Laat leeg als de afspraak die er is blijft staan, of als terugbellen niet nodig is.",
                "Wanneer belt de volgende behandelaar terug?",
            ),
        },
        CaseHandedOver: {"note": HAND_OVER},
        NoteCall: {"note": CALL},
        CallNoted: {"note": CALL},
        PlanCallBack: {"at": CALL_BACK._replace(hint="")},
        CallBackPlanned: {"at": CALL_BACK},
        WaiveAangifte: {"reason": WHY_NO_AANGIFTE},
        AangifteWaived: {"reason": WHY_NO_AANGIFTE},
        SecurityAdviceSought: {"advice": Label("Aanvraag om beveiligingsadvies")},
        CloseThreatCase: {"reason": WHY_CLOSED, "explanation": WHY_CLOSED_IN_WORDS},
        ThreatCaseClosed: {"reason": WHY_CLOSED, "explanation": WHY_CLOSED_IN_WORDS},
        ReopenThreatCase: {"reason": WHY_REOPENED},
        ThreatCaseReopened: {"reason": WHY_REOPENED},
        Aangifte: {"filed": Label("Aangifte gedaan op"), "waived": WHY_NO_AANGIFTE},
        ThreatCase: {
            "aangifte": Label("Aangifte"),
            "aftercare": Label("Aangeboden nazorg"),
            "call_notes": Label("Gesprekken"),
            "closed": WHY_CLOSED,
            "closing_explanation": WHY_CLOSED_IN_WORDS,
            "hand_over": HAND_OVER,
            "police_notified": Label("Politie ingelicht op"),
            "security_advice": Label("Aanvragen om beveiligingsadvies"),
        },
    },
    refusals={
        ThreatCaseIsClosed: "Deze zaak is gesloten. Heropen de zaak eerst.",
        ThreatCaseIsOpen: "Deze zaak is nog open. Heropenen is niet nodig.",
        NothingAssessed: "U hebt nog niets beoordeeld. Vul ten minste één kenmerk in.",
        AlreadyAssessed: "Dit staat al in de zaak. Verander wat anders is; is dat er niet, dan hoeft u niets te doen.",
        NoDangerNow: "In deze zaak is geen gevaar bekend. Is er wel gevaar, corrigeer dan de melding.",
        DangerNotExplained: (
            "Er is nog gevaar in deze zaak. Schrijf in de toelichting waarom de zaak toch dicht kan, of leg eerst vast"
            " dat het gevaar voorbij is."
        ),
        AlreadyHandling: "U behandelt deze zaak al. U hoeft niets te doen.",
        NobodyHandles: "Deze zaak heeft geen behandelaar. Pak de zaak eerst op.",
        CallBackInThePast: "Dat moment is al voorbij. Kies een later moment om terug te bellen.",
        BeforeTheThreat: (
            "Voor zover bekend was de dreiging er toen nog niet. Begon die eerder? Corrigeer dan eerst in de melding op"
            " welke dag."
        ),
        PoliceAlreadyNotified: "Dat de politie is ingelicht, is al vastgelegd. U hoeft niets te doen.",
        PoliceNotNotified: (
            "De politie weet nog van niets. Leg eerst vast dat de politie is ingelicht, of dat er aangifte is gedaan."
        ),
        VptCodeAlreadyKnown: "Dat de politie de VPT-code heeft geregistreerd, is al vastgelegd. U hoeft niets te doen.",
        AangifteAlreadyFiled: "In deze zaak is al aangifte gedaan. U hoeft niets te doen.",
        AangifteAlreadyWaived: "Dat er geen aangifte komt, is al vastgelegd. Komt die er toch, leg die dan vast.",
        AftercareAlreadyOffered: "Deze nazorg is al aangeboden. Kies andere nazorg als dat nodig is.",
    },
)
