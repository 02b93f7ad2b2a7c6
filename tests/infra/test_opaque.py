"""Do opaque tokens say nothing, and open only where they were made?"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.opaque import NotOurs, Opaque

OURS = Opaque(b"k" * 32)
THEIRS = Opaque(b"l" * 32)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(JSON, st.text())
def test_what_was_sealed_is_opened(value: Any, purpose: str) -> None:  # noqa: ANN401 - any JSON
    """Whatever JSON can hold, for whichever purpose."""
    assert OURS.open(purpose, OURS.seal(purpose, value)) == value


def test_a_token_fits_in_addresses_and_headers() -> None:
    """It needs no escaping there."""
    token = OURS.seal("position", {"name": "Zoë & co"})

    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", OURS.tag("etag", "x", 1))


def test_two_tokens_of_one_value_do_not_look_alike() -> None:
    """Whoever holds two of them learns not even whether something happened in between."""
    assert OURS.seal("position", 7) != OURS.seal("position", 7)


def test_a_token_is_for_one_purpose() -> None:
    """A cursor is not a position, and a cursor of one list not one of another."""
    token = OURS.seal("cursor worklist", [1])

    with pytest.raises(NotOurs):
        OURS.open("cursor cases", token)


def test_a_token_of_somebody_else_is_not_opened() -> None:
    """Another installation has another secret."""
    with pytest.raises(NotOurs):
        OURS.open("position", THEIRS.seal("position", 7))


@given(st.data())
def test_a_token_that_was_changed_is_not_opened(data: st.DataObject) -> None:
    """In any of its bits, or shortened or lengthened."""
    raw = bytearray(urlsafe_b64decode(OURS.seal("position", 123_456) + "=="))
    place = data.draw(st.integers(0, len(raw) - 1))
    changed = data.draw(
        st.sampled_from(
            [
                raw[:place] + bytes([raw[place] ^ data.draw(st.integers(1, 255))]) + raw[place + 1 :],
                raw[:place],
                raw + bytes(place + 1),
            ]
        )
    )

    with pytest.raises(NotOurs):
        OURS.open("position", urlsafe_b64encode(changed).decode())


@given(st.text() | st.binary().map(lambda made_up: urlsafe_b64encode(made_up).decode()))
def test_what_was_made_up_is_not_opened(token: str) -> None:
    """Whatever text comes in, the answer is the same."""
    with pytest.raises(NotOurs):
        OURS.open("position", token)


def test_a_tag_tells_equal_from_different_and_nothing_else() -> None:
    """Its parts are kept apart, and another secret gives another tag."""
    tag = OURS.tag("etag", "threat_case:1", 12)

    assert tag == OURS.tag("etag", "threat_case:1", 12)
    others = {
        OURS.tag("etag", "threat_case:1", 13),
        OURS.tag("etag", "threat_case:11", 2),
        OURS.tag("etag", "threat_case:1", 1, 2),
        OURS.tag("etag", 'threat_case:1", "12'),
        THEIRS.tag("etag", "threat_case:1", 12),
    }
    assert len(others) == 5
    assert tag not in others


def test_a_fingerprint_depends_on_the_secret() -> None:
    """A plain hash of a body would tell whoever guesses the names in it."""
    assert len(OURS.fingerprint("body")) == 32
    assert OURS.fingerprint("body") != THEIRS.fingerprint("body")


def test_a_short_secret_is_none() -> None:
    """32 bytes are needed, which nobody guesses."""
    with pytest.raises(ValueError, match="at least 32 bytes"):
        Opaque(b"k" * 31)


def test_the_secret_does_not_show() -> None:
    """The object may end up in a traceback."""
    assert "kkk" not in repr(OURS)
