"""Which words do pages use for organisations, and for who works there?"""

from domain.organisations import (
    AlreadyAppointed,
    AppointMember,
    DataErased,
    EndMembership,
    EndsBeforeItBegins,
    FormTeam,
    IdOfAPublicBody,
    MemberAppointed,
    MembershipEnded,
    MilestoneAlreadyRecorded,
    MilestoneRecorded,
    NotAppointed,
    Organisation,
    OrganisationRegistered,
    RecordMilestone,
    RegisterOrganisation,
    RoleDoesNotFit,
    TeamAlreadyFormed,
    TeamFormed,
    UnknownTeam,
)
from services.portal.labels.common import TODAY
from services.portal.labels.words import KindWords, Label, Vocabulary, Words

NAME = Label("Naam", "Voluit.")
BODIES = Label("Betrokken besturen", "In woorden, bijvoorbeeld: tien gemeenten.")
ORGANISATION_KIND = Label("Soort organisatie", question="Wat voor organisatie is het?")
FIRST_DAY_WITHOUT = Label(
    "Eerste dag zonder de rol", TODAY, "Wat is de eerste dag waarop de medewerker de rol niet meer heeft?"
)
ONE_WORD = "Kleine letters, cijfers en streepjes, zonder spaties."

WORDS = Vocabulary(
    kinds={"organisation": KindWords("organisatie", "organisaties", "Nieuwe organisatie")},
    facts={
        OrganisationRegistered: "Organisatie geregistreerd",
        TeamFormed: "Team gevormd",
        MemberAppointed: "Medewerker aangesteld",
        MembershipEnded: "Medewerker vertrokken uit een rol",
        MilestoneRecorded: "Mijlpaal vastgelegd",
        DataErased: "Gegevens gewist",
    },
    commands={
        RegisterOrganisation: Words("Organisatie registreren", "Registreren"),
        FormTeam: Words("Team vormen", "Team vormen"),
        AppointMember: Words(
            "Medewerker aanstellen", "Aanstellen", "U geeft een medewerker een rol, met ingang van een dag."
        ),
        EndMembership: Words(
            "Vertrek uit een rol vastleggen",
            "Vastleggen",
            "Weet u bij de aanstelling al wanneer die eindigt, vul dat dan daar in.",
        ),
        RecordMilestone: Words(
            "Mijlpaal vastleggen", "Vastleggen", "Leg alleen vast wat iedereen mag weten, met de bron erbij."
        ),
    },
    defaults={
        "detail": Label("Wat er gebeurde", "In één zin.", "Wat is er gebeurd?"),
        "from_day": Label("Eerste dag", TODAY, "Vanaf welke dag?"),
        "milestone": Label("Soort mijlpaal", question="Wat voor mijlpaal is het?"),
        "person": Label(
            "Medewerker",
            "Het kenmerk waarmee de medewerker inlogt: geen naam en geen e-mailadres.",
            "Om welke medewerker gaat het?",
        ),
        "source": Label("Bron", "Een publicatie, een webadres of een nummer van een Kamerstuk.", "Waar staat dat?"),
        "team": Label("Team", question="In welk team?"),
        "until": Label(
            "Eerste dag zonder de rol",
            "Laat leeg als nog niet bekend is wanneer de rol eindigt.",
            "Wat is de eerste dag waarop de medewerker de rol niet meer heeft?",
        ),
    },
    fields={
        RegisterOrganisation: {
            "organisation": Label(
                "Korte naam", f"{ONE_WORD} Voor een openbaar bestuur: de code uit het register, bijvoorbeeld gm0363."
            ),
            "name": NAME,
            "kind": ORGANISATION_KIND,
        },
        OrganisationRegistered: {"name": NAME, "kind": ORGANISATION_KIND},
        FormTeam: {"team": Label("Korte naam van het team", ONE_WORD), "name": NAME},
        TeamFormed: {"name": NAME},
        EndMembership: {"on": FIRST_DAY_WITHOUT},
        MembershipEnded: {"on": FIRST_DAY_WITHOUT},
        RecordMilestone: {"body": BODIES},
        MilestoneRecorded: {"body": BODIES},
        DataErased: {
            "scope": Label("Wat is gewist"),
            "reason": Label("Waarom"),
            "keys": Label("Hoeveel sleutels zijn vernietigd"),
        },
        Organisation: {
            "name": NAME,
            "kind": ORGANISATION_KIND,
            "teams": Label("Teams"),
            "members": Label("Medewerkers"),
            "milestones": Label("Mijlpalen"),
            "erasures": Label("Wat is gewist"),
        },
    },
    refusals={
        IdOfAPublicBody: "Deze code is van een openbaar bestuur in het register. Kies een andere korte naam.",
        TeamAlreadyFormed: "Een team met deze naam is er al. Kies een andere naam.",
        UnknownTeam: "Dit team is er niet in deze organisatie. Kies een ander team, of vorm het eerst.",
        RoleDoesNotFit: (
            "Deze rol past niet bij de organisatie. Kies de rol van de organisatie zelf, of functioneel beheerder."
        ),
        EndsBeforeItBegins: "Een aanstelling duurt ten minste één dag. Vul een latere einddag in.",
        AlreadyAppointed: "Deze medewerker heeft deze rol al in die periode. Kies andere dagen of een andere rol.",
        NotAppointed: "Deze medewerker heeft deze rol niet op die dag. Controleer de medewerker, de rol en de dag.",
        MilestoneAlreadyRecorded: "Deze mijlpaal is al met dezelfde woorden vastgelegd. U hoeft niets te doen.",
    },
)
