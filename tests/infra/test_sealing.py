"""Does a sealed value open where it was sealed, under its key, and nowhere else?"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.people import Office, Subject
from domain.threat_case import ThreatReported
from infra.sealing import (
    BLOCK,
    NONCE,
    NotSealedHere,
    Place,
    commitment,
    fresh_key,
    from_plain,
    open_sealed,
    seal,
    to_plain,
)

OWNER = bytes(range(32))
PLACE = Place(UUID(int=7), "threat_case.reported.v1", "reporter/name")
SEALED = "EyaO_FTxmMaIIebTRC7OcWwMEbEa1XrC2HoaF-R3d50ikb4TQnhlTeA5G3NM6dYYT6WgTT2-70oR9qN_61H6oX5zxAUJNm29nLsECI4YFNI="


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, event_id=UUID(int=8)),
        replace(PLACE, topic="threat_case.reported.v2"),
        replace(PLACE, path="reporter/phone"),
        replace(PLACE, path="metadata:reporter/name"),
        Place(UUID(int=7), "threat_case.reported.v1\0reporter", "name"),
    ],
    ids=["event", "topic", "field", "beside the fact", "shifted"],
)
def test_a_ciphertext_that_is_moved_does_not_open(elsewhere: Place) -> None:
    """Whoever can write in the database cannot let one case tell what another one does."""
    sealed = seal(PLACE.key(OWNER), b'"Klaartje"')

    assert open_sealed(PLACE.key(OWNER), sealed).rstrip() == b'"Klaartje"'
    with pytest.raises(NotSealedHere):
        open_sealed(elsewhere.key(OWNER), sealed)


def test_a_ciphertext_does_not_open_for_another_owner() -> None:
    """Nor where one bit of the key is another one."""
    sealed = seal(PLACE.key(OWNER), b"1")

    for other in (fresh_key(), bytes([1, *OWNER[1:]])):
        with pytest.raises(NotSealedHere):
            open_sealed(PLACE.key(other), sealed)


def test_the_form_of_what_is_sealed_stays_as_it_is() -> None:
    """What was sealed once is to open for ever: the same value under the same key is the same text in every release."""
    assert PLACE.key(OWNER).hex() == "f2c2140ca1241b32cc238dd92c25c0ffc8e0a68a135b7d64b3e7535cdc7a6877"
    assert seal(PLACE.key(OWNER), b'"Klaartje Zwaluwstaart"') == SEALED


def test_one_value_can_be_shown_by_its_own_key_and_no_other_opens_under_it() -> None:
    """Whoever gets that key sees that it is the one the value was sealed under, and needs nothing else."""
    name, phone = PLACE, replace(PLACE, path="reporter/phone")
    sealed = {place: seal(place.key(OWNER), json.dumps(place.path).encode()) for place in (name, phone)}
    disclosed = name.key(OWNER)

    assert json.loads(open_sealed(disclosed, sealed[name])) == "reporter/name"
    assert urlsafe_b64decode(sealed[name])[:32] == commitment(disclosed)
    with pytest.raises(NotSealedHere):
        open_sealed(disclosed, sealed[phone])


def test_nobody_can_show_another_value_than_was_sealed() -> None:
    """A ciphertext without its commitment is refused, under whichever key it opens."""
    mine, theirs = fresh_key(), fresh_key()
    told = AESGCM(theirs).encrypt(NONCE, b'"something else"'.ljust(BLOCK), None)

    assert open_sealed(theirs, urlsafe_b64encode(commitment(theirs) + told).decode())
    for commits_to in (commitment(mine), b"", bytes(32)):
        with pytest.raises(NotSealedHere):
            open_sealed(theirs, urlsafe_b64encode(commits_to + told).decode())


def test_whatever_bit_is_flipped_it_does_not_open() -> None:
    """In the commitment, the ciphertext and what authenticates it."""
    key = fresh_key()
    raw = urlsafe_b64decode(seal(key, b'"Klaartje"'))

    for n in range(len(raw)):
        with pytest.raises(NotSealedHere):
            open_sealed(key, urlsafe_b64encode(raw[:n] + bytes([raw[n] ^ 1]) + raw[n + 1 :]).decode())


@pytest.mark.parametrize("written", ["", "A", "Zwaluwstaart", "gewist é", "A" * 100, None])
def test_what_is_no_ciphertext_at_all_does_not_open(written: str | None) -> None:
    """Nor does one with something between its letters that is none."""
    key = fresh_key()
    told = seal(key, b"1")

    with pytest.raises(NotSealedHere):
        open_sealed(key, f"{told[:9]}\n{told[9:]}" if written is None else written)


def test_lengths_do_not_tell_one_office_from_another() -> None:
    """Values are filled up to blocks, so that short ones are all alike."""
    assert {len(seal(fresh_key(), to_plain(office))) for office in Office} == {len(seal(fresh_key(), b"1"))}
    assert len(seal(fresh_key(), b"1" * BLOCK)) == len(seal(fresh_key(), b"1"))
    assert len(seal(fresh_key(), b"1" * (BLOCK + 1))) == len(seal(fresh_key(), b"1" * BLOCK * 2))
    assert len(seal(fresh_key(), b"1" * (BLOCK + 1))) > len(seal(fresh_key(), b"1" * BLOCK))


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (ThreatReported, "office", Office.WETHOUDER),
        (ThreatReported, "body", "gm0363"),
        (ThreatReported, "external_reference", 'Z "2026" \\ é\u00a0😀 '),
        (Subject, "name", "x" * 200),
    ],
)
def test_a_value_comes_out_as_it_went_in(model: Any, name: str, value: object) -> None:  # noqa: ANN401 - a model
    """Of the same type, to the last blank."""
    key = fresh_key()
    found = from_plain(model, name, open_sealed(key, seal(key, to_plain(value))))

    assert found == value
    assert type(found) is type(value)
