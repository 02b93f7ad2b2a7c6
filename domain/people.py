"""Who is a case about, and which office do they hold?"""

from typing import Annotated

from pydantic import AfterValidator, Field

from domain.basis import SubjectId
from domain.rules.phone_numbers import SAID, in_full
from domain.values import CodeList, Line, Model, Personal, Text

Phone = Annotated[
    str,
    Field(
        min_length=3,
        max_length=30,
        pattern=r"^\+?\(?[0-9][0-9 ()-]+$",
        json_schema_extra={"format": "telephone-number"},
    ),
]
"""A telephone number in a fact. Those of before were kept as somebody said them, with blanks, brackets and dashes."""


PhoneNumber = Annotated[
    str,
    Field(
        min_length=5,
        max_length=30,
        pattern=SAID,
        json_schema_extra={"format": "telephone-number"},
    ),
    AfterValidator(in_full),
]
"""A telephone number that somebody gives, however they say it: Dutch, or with its country code."""


class Office(CodeList):
    """The office or capacity of whoever is concerned."""

    BURGEMEESTER = "burgemeester", "burgemeester"
    WETHOUDER = "wethouder", "wethouder"
    RAADSLID = "raadslid", "raadslid"
    COMMISSIELID = "commissielid", "commissielid"
    COMMISSARIS = "commissaris_van_de_koning", "commissaris van de Koning"
    GEDEPUTEERDE = "gedeputeerde", "gedeputeerde"
    STATENLID = "statenlid", "Statenlid"
    WATER_BOARD_CHAIR = "water_board_chair", "voorzitter van het waterschap"
    DB_MEMBER = "db_member", "lid van het dagelijks bestuur"
    AB_MEMBER = "ab_member", "lid van het algemeen bestuur"
    GEZAGHEBBER = "gezaghebber", "gezaghebber"
    EILANDGEDEPUTEERDE = "eilandgedeputeerde", "eilandgedeputeerde"
    EILANDSRAADSLID = "eilandsraadslid", "eilandsraadslid"
    GRIFFIER = "griffier", "griffier"
    GEMEENTESECRETARIS = "gemeentesecretaris", "gemeentesecretaris"
    CIVIL_SERVANT = "civil_servant", "ambtenaar"
    VISITOR = "visitor", "bezoeker"
    FAMILY = "family", "gezinslid"


POLITICAL_OFFICES = frozenset(Office) - {
    Office.GRIFFIER,
    Office.GEMEENTESECRETARIS,
    Office.CIVIL_SERVANT,
    Office.VISITOR,
    Office.FAMILY,
}
"""Whoever holds one of these is a political office holder (*politieke ambtsdrager*)."""


class PersonDetails(Model):
    """What a command tells about a person. The server gives the subject its identifier."""

    name: Personal[Line | None] = None
    """As they are addressed."""
    phone: Personal[PhoneNumber | None] = None
    """Where they may be called back."""


class Subject(PersonDetails):
    """A person in a fact, with the random identifier whose key seals what we know about them."""

    phone: Personal[Phone | None] = None
    """Where they may be called back."""
    subject: SubjectId


class Statement(Model):
    """Words about a person, sealed under that person's key."""

    subject: SubjectId
    text: Personal[Text]
