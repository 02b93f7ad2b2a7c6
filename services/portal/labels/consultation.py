"""Which words do pages use for a question to the steunpunt, and its advice about the process?"""

from domain.consultation import (
    CallBack,
    CloseConsultation,
    Consultation,
    ConsultationClosed,
    ConsultationCorrected,
    ConsultationIsClosed,
    ConsultationRequested,
    CorrectConsultation,
    EndsWithProcessAdvice,
    FirstIntakeAlreadyHeld,
    FirstIntakeHeld,
    FirstIntakeNotHeld,
    GiveProcessAdvice,
    HoldFirstIntake,
    HoldSecondConversation,
    NothingToCorrect,
    ProcessAdviceAlreadyGiven,
    ProcessAdviceGiven,
    ProcessAdviceNotGiven,
    RequestConsultation,
    SecondConversationAlreadyHeld,
    SecondConversationHeld,
)
from services.portal.labels.common import WHAT_WAS_WRONG
from services.portal.labels.words import KindWords, Label, Vocabulary, Words

FIRST_SUMMARY = Label("Samenvatting van de eerste intake")
SECOND_SUMMARY = Label("Samenvatting van het tweede gesprek")
CALL_BACK_NUMBER = Label("Telefoonnummer", question="Op welk nummer kan het steunpunt terugbellen?")
NO_NAMES = "Noem geen namen en geen gemeente, provincie of waterschap."
ADVICE = Label("Advies over het proces", NO_NAMES, "Wat adviseert u?")

WORDS = Vocabulary(
    kinds={"consultation": KindWords("procesadvies", "procesadviezen", "Nieuwe vraag")},
    facts={
        ConsultationRequested: "Procesadvies gevraagd",
        FirstIntakeHeld: "Eerste intake gehouden",
        SecondConversationHeld: "Tweede gesprek gehouden",
        ProcessAdviceGiven: "Procesadvies gegeven",
        ConsultationCorrected: "Procesadvies gecorrigeerd",
        ConsultationClosed: "Procesadvies afgesloten",
    },
    commands={
        RequestConsultation: Words(
            "Vraag aan het steunpunt vastleggen", "Vastleggen", "Vraag niet naar namen: die zijn nu niet nodig."
        ),
        HoldFirstIntake: Words(
            "Eerste intake vastleggen", "Vastleggen", "Per telefoon en zonder namen, vandaag of de volgende werkdag."
        ),
        HoldSecondConversation: Words("Tweede gesprek vastleggen", "Vastleggen"),
        GiveProcessAdvice: Words(
            "Procesadvies vastleggen",
            "Vastleggen",
            "U adviseert over de aanpak; wie onderzoek laat doen, beslist zelf.",
        ),
        CorrectConsultation: Words(
            "Procesadvies corrigeren",
            "Correctie vastleggen",
            "Verander alleen wat niet klopt. Wat er eerst stond, blijft in de tijdlijn staan.",
        ),
        CloseConsultation: Words("Procesadvies afsluiten", "Afsluiten"),
    },
    defaults={
        "caller": Label("Beller", question="Wie belt?"),
        "outcome": Label("Afloop van het procesadvies", question="Hoe is het afgelopen?"),
        "question": Label("Onderwerp van de vraag", question="Waar gaat de vraag over?"),
        "summary": Label("Samenvatting", NO_NAMES, "Wat is er besproken?"),
    },
    fields={
        RequestConsultation: {
            "call_back_number": CALL_BACK_NUMBER,
        },
        CorrectConsultation: {
            "reason": WHAT_WAS_WRONG._replace(hint=f"{WHAT_WAS_WRONG.hint} {NO_NAMES}"),
            "call_back_number": CALL_BACK_NUMBER,
            "first_summary": FIRST_SUMMARY._replace(hint=NO_NAMES),
            "second_summary": SECOND_SUMMARY._replace(hint=NO_NAMES),
            "advice": ADVICE,
        },
        ConsultationCorrected: {
            "reason": WHAT_WAS_WRONG,
            "call_back": Label("Terugbellen"),
            "first_summary": FIRST_SUMMARY,
            "second_summary": SECOND_SUMMARY,
            "advice": ADVICE,
        },
        ConsultationRequested: {"call_back": Label("Terugbellen")},
        CallBack: {"phone": Label("Telefoonnummer")},
        GiveProcessAdvice: {"advice": ADVICE},
        ProcessAdviceGiven: {"advice": ADVICE},
        Consultation: {
            "call_back": Label("Terugbellen"),
            "first_intake": Label("Eerste intake op"),
            "first_summary": FIRST_SUMMARY,
            "second_conversation": Label("Tweede gesprek op"),
            "second_summary": SECOND_SUMMARY,
            "advised": Label("Advies gegeven op"),
            "advice": ADVICE,
            "closed": Label("Afgesloten op"),
        },
    },
    refusals={
        ConsultationIsClosed: "Dit procesadvies is afgesloten. Leg een nieuwe vraag vast als die er is.",
        FirstIntakeAlreadyHeld: "De eerste intake is al vastgelegd. U hoeft niets te doen.",
        FirstIntakeNotHeld: "Er is nog geen eerste intake geweest. Bel eerst terug, en leg dat gesprek vast.",
        SecondConversationAlreadyHeld: "Het tweede gesprek is al vastgelegd. U hoeft niets te doen.",
        ProcessAdviceAlreadyGiven: "Het advies is al gegeven. Sluit het procesadvies af als er niets meer te doen is.",
        ProcessAdviceNotGiven: "Er is nog geen advies gegeven. Leg eerst het advies vast, of kies een andere afloop.",
        NothingToCorrect: "Dat gesprek of advies is nog niet vastgelegd. Leg het eerst vast, of maak het veld leeg.",
        EndsWithProcessAdvice: "Er is advies gegeven. Kies als afloop: afgerond met advies.",
    },
)
