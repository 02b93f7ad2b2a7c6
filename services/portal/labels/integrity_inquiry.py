"""Which words do pages use for a signal about integrity, and the inquiry that may follow?"""

from domain.integrity_inquiry import (
    CloseInquiry,
    CommissionerIsSubject,
    ConsultationAlreadyRecorded,
    ConsultSteunpunt,
    FirstCallMissing,
    InquiryAlreadyOpened,
    InquiryClosed,
    InquiryIsClosed,
    InquiryMustConclude,
    InquiryNotOpened,
    InquiryOpened,
    IntegrityInquiry,
    NotACommissionerHere,
    NotAPoliticalOffice,
    OpenInquiry,
    ReceiveSignal,
    SignalReceived,
    SteunpuntConsulted,
)
from services.portal.labels.words import KindWords, Label, Vocabulary, Words

CONCERNED = Label("Betrokkene", question="Over wie gaat het signaal?")

WORDS = Vocabulary(
    kinds={"integrity_inquiry": KindWords("integriteitsmelding", "integriteitsmeldingen", "Nieuw signaal")},
    facts={
        SignalReceived: "Signaal ontvangen",
        SteunpuntConsulted: "Steunpunt geraadpleegd",
        InquiryOpened: "Onderzoek ingesteld",
        InquiryClosed: "Integriteitsmelding afgesloten",
    },
    commands={
        ReceiveSignal: Words("Signaal vastleggen", "Vastleggen", "Wie het signaal gaf, mag onbekend blijven."),
        ConsultSteunpunt: Words(
            "Gesprek met het steunpunt vastleggen",
            "Vastleggen",
            "Daarna ziet het steunpunt om wat voor bestuur en schending het gaat en hoe het afloopt, zonder namen.",
        ),
        OpenInquiry: Words("Onderzoek instellen", "Onderzoek instellen"),
        CloseInquiry: Words(
            "Integriteitsmelding afsluiten", "Afsluiten", "Ook dat er geen schending was, legt u hier vast."
        ),
    },
    defaults={
        "commissioner": Label("Opdrachtgever", question="Wie geeft opdracht tot het onderzoek?"),
        "disposition": Label("Afloop", question="Hoe is het afgelopen?"),
        "nature": Label("Aard van de vermoede schending", question="Om wat voor schending zou het gaan?"),
    },
    fields={
        ReceiveSignal: {
            "office": Label("Ambt", question="Welk ambt heeft de betrokkene?"),
            "person": CONCERNED,
            "reporter": Label("Melder", "Laat leeg als niet bekend is wie het meldde.", "Wie gaf het signaal?"),
        },
        SignalReceived: {"person": CONCERNED},
        ConsultSteunpunt: {"stage": Label("Gesprek", question="Welk gesprek was het?")},
        SteunpuntConsulted: {"stage": Label("Gesprek")},
        IntegrityInquiry: {
            "person": CONCERNED,
            "first_call": Label("Eerste gesprek met het steunpunt op"),
            "second_conversation": Label("Tweede gesprek met het steunpunt op"),
            "opened": Label("Onderzoek ingesteld op"),
            "closed": Label("Afgesloten op"),
        },
    },
    refusals={
        NotAPoliticalOffice: (
            "Dit is geen politiek ambt. Volg voor een ambtenaar de procedure van de werkgever, of kies een ander ambt."
        ),
        ConsultationAlreadyRecorded: "Het gesprek met het steunpunt is al vastgelegd. U hoeft niets te doen.",
        FirstCallMissing: (
            "Er is nog geen eerste gesprek met het steunpunt vastgelegd. Bel het steunpunt eerst; noem nog geen namen."
        ),
        InquiryAlreadyOpened: "Het onderzoek is al ingesteld. Sluit het af met een bevinding.",
        CommissionerIsSubject: (
            "Niemand geeft opdracht tot een onderzoek naar zichzelf. Kies een andere opdrachtgever: voor een"
            " burgemeester de commissaris van de Koning of de raad."
        ),
        NotACommissionerHere: (
            "Bij dit openbaar bestuur geeft iemand anders opdracht tot een onderzoek naar dit ambt. Kies een andere"
            " opdrachtgever."
        ),
        InquiryNotOpened: (
            "Of er een schending was, kan alleen een onderzoek vaststellen, en dat is niet ingesteld. Stel eerst een"
            " onderzoek in, of kies een andere afloop."
        ),
        InquiryMustConclude: (
            "Een onderzoek eindigt met een bevinding. Kies geen schending, gedeeltelijke schending of schending."
        ),
        InquiryIsClosed: "Deze integriteitsmelding is afgesloten. Leg een nieuw signaal vast als er iets nieuws is.",
    },
)
