"""What do made-up people say, and what are they called?

Names, streets and companies come from Faker, sentences are put together here. Telephone numbers begin with 06-00, which
is nobody's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from faker import Faker

from domain.integrity_inquiry import Nature
from domain.security_advice import MeasureKind
from domain.threat_case import Channel, Form, Pressure

THROUGH: Mapping[Channel, str] = {
    Channel.FACE_TO_FACE: "in een gesprek",
    Channel.HOME: "bij de voordeur",
    Channel.PHONE: "aan de telefoon",
    Channel.MAIL: "in een brief",
    Channel.EMAIL: "per e-mail",
    Channel.SOCIAL_MEDIA: "op sociale media",
    Channel.COUNTER: "aan de balie",
    Channel.STREET: "op straat",
}

HAPPENED: Mapping[Form, Sequence[str]] = {
    Form.VERBAL: (
        "Is {through} uitgescholden, naar aanleiding van {about}.",
        "Kreeg {through} een reeks beledigingen over {about}.",
        "Werd {through} voor rotte vis uitgemaakt; de aanleiding was {about}.",
    ),
    Form.PHYSICAL: (
        "Is {through} geduwd en aan de jas getrokken, na een woordenwisseling over {about}.",
        "Kreeg {through} een klap; het ging over {about}.",
    ),
    Form.THREAT: (
        "Kreeg {through} te horen dat men weet waar het gezin woont. Het ging over {about}.",
        "Is {through} met geweld bedreigd als {about} doorgaat.",
        "Ontving {through} een doodsbedreiging in verband met {about}.",
    ),
    Form.INTIMIDATION: (
        "Is {through} onder druk gezet om anders te stemmen over {about}.",
        "Wordt {through} steeds opnieuw benaderd over {about}, op dreigende toon.",
        "Een groep bewoners wachtte op en liet {through} niet meer gaan; aanleiding was {about}.",
    ),
    Form.DISCRIMINATION: (
        "Is {through} uitgemaakt voor iemand die hier niet hoort, in een discussie over {about}.",
        "Kreeg {through} discriminerende opmerkingen over afkomst en geloof; aanleiding was {about}.",
    ),
    Form.SEXUAL_INTIMIDATION: (
        "Kreeg {through} seksueel getinte opmerkingen, in een discussie over {about}.",
        "Ontving {through} ongewenste afbeeldingen van iemand die boos is over {about}.",
    ),
    Form.STALKING: (
        "Wordt sinds weken gevolgd en {through} lastiggevallen; het begon met {about}.",
        "Dezelfde persoon zoekt {through} telkens contact, ook na een stopgesprek. Het begon met {about}.",
    ),
    Form.VANDALISM: (
        "De auto is bekrast en de brievenbus opgeblazen, kort na de behandeling van {about}.",
        "De ramen zijn ingegooid en de gevel is beklad met een leus over {about}.",
    ),
    Form.DOXING: (
        "Het huisadres is {through} verspreid met een oproep om langs te gaan, vanwege {about}.",
        "Foto's van de woning en het kenteken zijn {through} geplaatst, in berichten over {about}.",
    ),
    Form.IMPROPER_INFLUENCE: (
        "Kreeg {through} een aanbod dat niet te weigeren zou zijn, in verband met {about}.",
        "Iemand liet {through} weten dat meewerken aan {about} wordt beloond.",
    ),
}

ABOUT: Mapping[Pressure, Sequence[str]] = {
    Pressure.PERMIT: ("een omgevingsvergunning", "een evenementenvergunning", "de vergunning voor een stal"),
    Pressure.ENFORCEMENT: ("de sluiting van een horecazaak", "een last onder dwangsom", "het parkeerbeleid"),
    Pressure.LAND_TRANSACTION: ("de verkoop van grond", "de aankoop van een perceel"),
    Pressure.SUBSIDY: ("een ingetrokken subsidie", "de bezuiniging op een club"),
    Pressure.IDENTITY_DOCUMENT: ("een geweigerd paspoort",),
    Pressure.VOTE: ("de plaatsing van windmolens", "de opvang van asielzoekers", "het bestemmingsplan"),
    Pressure.OTHER: ("het jeugdbeleid", "de kap van bomen", "een bericht in de krant", "de jaarwisseling"),
}

MOREOVER = (
    "Er zijn schermafdrukken bewaard.",
    "Een collega was erbij en kan het bevestigen.",
    "Het is de derde keer in een maand.",
    "Er is camerabeeld van.",
    "Op het bericht is niet gereageerd.",
    "De betrokkene slaapt er slecht van.",
    "Het gezin is op de hoogte.",
    "Het gebeurde in de {street}.",
    "De afzender gebruikt een valse naam.",
    "",
    "",
)

CALLS = (
    "Gebeld met de betrokkene: het gaat redelijk, er zijn geen nieuwe berichten.",
    "Gesproken met de griffier; zij houdt de agenda van komende week in de gaten.",
    "De betrokkene wil er nog over nadenken en belt terug.",
    "De wijkagent neemt vandaag contact op.",
    "Afgesproken dat berichten worden bewaard en niet worden beantwoord.",
    "De werkgever heeft een gesprek gepland.",
    "Voicemail ingesproken, met het verzoek om terug te bellen.",
    "Uitgelegd hoe aangifte gaat en wat er daarna gebeurt.",
    "Het is rustig gebleven; de betrokkene gaat weer naar avondbijeenkomsten.",
    "Er is opnieuw een bericht binnengekomen, met dezelfde strekking.",
    "De partner maakt zich zorgen over de kinderen; zorg voor het gezin besproken.",
    "Overlegd met het Openbaar Ministerie over de kans van slagen van een aangifte.",
    "De afzender is bekend en heeft excuses aangeboden.",
    "Doorgesproken wat wel en niet op sociale media kan.",
)
HAND_OVERS = (
    "Belt morgen zelf terug; wil niet op het werk gebeld worden.",
    "Let op: er is vanavond een raadsvergadering over het onderwerp.",
    "Wacht op bericht van de politie. Verder nu niets te doen.",
    "Einde dienst. De betrokkene weet dat er iemand anders belt.",
    "Met vakantie tot over twee weken; collega is ingelicht.",
)
REPORTED_BEFORE = "Dit voorval was al gemeld; verder in de eerste zaak."
CORRECTIONS = (
    "De melder had het verkeerde nummer doorgegeven.",
    "Bij het terugbellen bleek het anders te liggen dan eerst genoteerd.",
    "Verkeerd ingevoerd; hersteld na controle van het gespreksverslag.",
    "De beelden laten iets anders zien dan de eerste melding.",
)
REOPENINGS = (
    "Er is opnieuw een bericht van dezelfde afzender gekomen.",
    "De betrokkene heeft zich weer gemeld: het is niet opgehouden.",
    "De verdachte is vrijgelaten en is weer gezien in de straat.",
)
VISITS = (
    "Vrijstaande woning; achterzijde vanaf het pad bereikbaar en niet verlicht. Hang- en sluitwerk is verouderd.",
    "Tussenwoning; voordeur komt uit op de stoep. Geen zicht op wie aanbelt.",
    "Appartement; de centrale toegang staat overdag vaak open. Brievenbus in de deur.",
    "Hoekwoning met garage; de tussendeur is het zwakke punt. Bewoners gaan er bewust mee om.",
)
MEASURES: Mapping[MeasureKind, Sequence[str]] = {
    MeasureKind.PHYSICAL: (
        "Inbraakwerende beglazing aan de straatzijde.",
        "Hang- en sluitwerk volgens het keurmerk.",
        "Brandwerende brievenbus buiten de deur.",
    ),
    MeasureKind.ELECTRONIC: (
        "Alarminstallatie met doormelding.",
        "Video-intercom bij de voordeur.",
        "Verlichting met bewegingsmelder aan de achterzijde.",
    ),
    MeasureKind.BEHAVIOURAL: ("Veiligheidsgesprek met het gezin.", "Training omgaan met intimidatie en bedreiging."),
    MeasureKind.DIGITAL: ("Afscherming van adresgegevens.", "Controle van de netwerkapparatuur thuis."),
    MeasureKind.TRANSPORT: ("Parkeerplaats op afgesloten terrein.",),
}
SIGNALS: Mapping[Nature, str] = {
    Nature.CORRUPTION: "Zou een gift hebben aangenomen van een partij die een vergunning vroeg.",
    Nature.FRAUD: "Er ontbreken bonnen bij uitgaven die zijn vergoed.",
    Nature.CONFLICT_OF_INTEREST: "Heeft meegestemd over een plan waarbij een familielid belang heeft.",
    Nature.GIFTS: "Was te gast op een reis die niet is gemeld.",
    Nature.SIDE_ACTIVITIES: "Heeft een nevenfunctie die niet is opgegeven.",
    Nature.CONFIDENTIALITY: "Uit een besloten vergadering is geciteerd in een appgroep.",
    Nature.MISUSE_OF_POWER: "Zou een ambtenaar onder druk hebben gezet over een dossier.",
    Nature.MISUSE_OF_RESOURCES: "Gebruikt voorzieningen van de organisatie voor privédoelen.",
    Nature.MISCONDUCT: "Medewerkers ervaren de omgang als vernederend.",
    Nature.PRIVATE_CONDUCT: "Is betrokken geraakt bij een incident in de privésfeer.",
    Nature.OTHER: "Er is twijfel of de gedragscode is nageleefd.",
}
INTAKES = (
    "Een vermoeden, nog geen feiten. Besproken wat er nu wel en niet kan.",
    "De beller twijfelt of een onderzoek nodig is. Vervolggesprek afgesproken.",
    "Er is druk om snel te handelen; uitgelegd waarom eerst een vooronderzoek zin heeft.",
)
CONVERSATIONS = (
    "Doorgesproken wie opdracht kan geven en hoe de opdracht wordt afgebakend.",
    "Besproken hoe betrokkene wordt gehoord en wat er over het onderzoek wordt gezegd.",
    "De keuze is teruggebracht tot een gesprek of een klein feitenonderzoek.",
)
PROCESS_ADVICES = (
    "Laat eerst een vooronderzoek doen en leg vast waarom.",
    "Geef een afgebakende opdracht, met hoor en wederhoor en een termijn.",
    "Voer een gesprek en leg de afspraken vast; een onderzoek voegt nu niets toe.",
    "Kies een onderzoeker van buiten en spreek af wie de uitkomst bekendmaakt.",
)


@dataclass
class Words:
    """What is said and what people are called, by chance."""

    chance: Random
    _fake: Faker = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Let Faker draw from a chance of its own that follows from ours."""
        self._fake = Faker("nl_NL")
        self._fake.seed_instance(self.chance.getrandbits(64))

    def name(self) -> str:
        """Return a first and a last name."""
        return self._fake.name()

    def phone(self) -> str:
        """Return a number that nobody has."""
        n = self.chance.randrange(1_000_000)
        return f"06-00 {n // 10_000:02} {n // 100 % 100:02} {n % 100:02}"

    def address(self, place: str) -> str:
        """Return a street with a number, in *place*."""
        return f"{self._fake.street_name()} {self.chance.randrange(1, 240)}, {place}"

    def reference(self, year: int) -> str:
        """Return a number under which a sender keeps something."""
        return f"{year}-{self.chance.randrange(100_000):05}"

    def company(self) -> str:
        """Return the name of a company."""
        return self._fake.company()

    def account(self, form: Form, channel: Channel, pressure: Pressure) -> str:
        """Return what happened, in the words of whoever reports it."""
        happened = self.chance.choice(HAPPENED[form]).format(
            through=THROUGH[channel], about=self.chance.choice(ABOUT[pressure])
        )
        moreover = self.chance.choice(MOREOVER)
        if "{" in moreover:
            moreover = moreover.format(street=self._fake.street_name())
        return f"{happened} {moreover}".strip()

    def one_of(self, sentences: Sequence[str]) -> str:
        """Return one of *sentences*."""
        return self.chance.choice(sentences)
