"""Is nobody believed but who brings a sound token of the issuer, and are the demo's keys made once and kept close?"""

import hmac
import json
import os
import stat
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from domain.basis import Actor, OrganisationId, PersonId, Role
from infra.identity import DemoIssuer, NotAuthenticated, Verifier, demo_issuer, secret, verifier
from infra.settings import Mode, Settings, SettingsError, read_settings

NOW = datetime(2026, 3, 18, 22, 30, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ACTOR = Actor(person=PersonId("p-1"), organisation=OrganisationId("gm0855"), role=Role.PUBLIC_BODY)
PROGRAM = """
import sys
from infra.identity import demo_issuer, secret
from infra.settings import read_settings
settings = read_settings()
print("ready", flush=True)
sys.stdin.readline()
print(demo_issuer(settings).key.kid, secret(settings).hex())
"""


def in_folder(folder: Path, **more: Any) -> Settings:  # noqa: ANN401 - settings
    """Return the settings of a demo that keeps its keys in *folder*."""
    return read_settings(data_dir=folder, **more)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DemoIssuer:
    """Return an issuer of tokens."""
    return demo_issuer(in_folder(tmp_path_factory.mktemp("keys")))


@pytest.fixture(scope="module")
def trusting(issuer: DemoIssuer) -> Verifier:
    """Return who trusts that issuer."""
    return issuer.verifier


def claims(issuer: DemoIssuer, **changes: object) -> dict[str, object]:
    """Return the claims of a sound token, with *changes*."""
    sound = {
        "iss": issuer.issuer,
        "aud": issuer.audience,
        "sub": "p-1",
        "organisation": "gm0855",
        "role": "public_body",
        "iat": SECONDS,
        "exp": SECONDS + 600,
    }
    return sound | changes


def signed(issuer: DemoIssuer, content: object, **header: object) -> str:
    """Return *content* as the issuer would sign it."""
    head = {"alg": "ES256", "kid": issuer.key.kid} | header
    return jws.serialize_compact(head, json.dumps(content).encode(), issuer.key, algorithms=["ES256"])


def encoded(content: bytes) -> str:
    """Return *content* as it stands in a token."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def unsigned(header: object, content: Mapping[str, object]) -> str:
    """Return what is signed of a token: header and claims."""
    return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(content).encode())}"


def refused(trusting: Verifier, token: str, now: datetime = NOW) -> bool:
    """Tell that *token* is refused, without a reason that would help a forger."""
    with pytest.raises(NotAuthenticated) as refusal:
        trusting.caller(token, now)
    return str(refusal.value) == "" and refusal.value.__cause__ is None


# --- what is believed -------------------------------------------------------------------------------------------------


def test_a_token_of_the_issuer_names_its_bearer(issuer: DemoIssuer, trusting: Verifier) -> None:
    """Person, organisation and role, as they were put in."""
    caller = trusting.caller(issuer.token(ACTOR, NOW), NOW)

    assert caller.actor == ACTOR
    assert caller.on_behalf_of is None
    assert caller.purpose is None


def test_a_token_may_say_for_whom_and_why(issuer: DemoIssuer, trusting: Verifier) -> None:
    """Both are recorded with what is done."""
    caller = trusting.caller(signed(issuer, claims(issuer, on_behalf_of="p-2", purpose="waarneming")), NOW)

    assert caller.on_behalf_of == "p-2"
    assert caller.purpose == "waarneming"


def test_a_token_may_be_for_others_too_and_say_more(issuer: DemoIssuer, trusting: Verifier) -> None:
    """An audience may be a list, and issuers add claims of their own."""
    token = signed(issuer, claims(issuer, aud=["elsewhere", issuer.audience], email="x@example.org", scope=["a"]))

    assert trusting.caller(token, NOW).actor == ACTOR


def test_clocks_may_differ_by_half_a_minute(issuer: DemoIssuer, trusting: Verifier) -> None:
    """And no more than that."""
    token = issuer.token(ACTOR, NOW, valid=timedelta(minutes=10))

    assert trusting.caller(token, NOW + timedelta(minutes=10, seconds=29)).actor == ACTOR
    assert trusting.caller(token, NOW - timedelta(seconds=29)).actor == ACTOR
    assert refused(trusting, token, NOW + timedelta(minutes=10, seconds=31))
    assert refused(trusting, token, NOW - timedelta(seconds=31))


# --- what is not ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE"])
@pytest.mark.parametrize("signature", ["", "x"])
def test_a_token_without_a_signature_is_refused(
    issuer: DemoIssuer, trusting: Verifier, algorithm: str, signature: str
) -> None:
    """However it spells ``none``."""
    token = unsigned({"alg": algorithm, "kid": issuer.key.kid}, claims(issuer))

    assert refused(trusting, f"{token}.{signature}")


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_the_public_key_is_no_shared_secret(issuer: DemoIssuer, trusting: Verifier, algorithm: str) -> None:
    """Everybody has it: a token that is signed with it, in whichever form, is signed by anybody."""
    public = [
        issuer.key.as_pem(private=False),
        issuer.key.as_der(private=False),
        json.dumps(issuer.key.as_dict(private=False)).encode(),
    ]
    token = unsigned({"alg": algorithm, "kid": issuer.key.kid}, claims(issuer))
    signatures = [hmac.digest(key, token.encode(), algorithm.replace("HS", "sha")) for key in public]

    assert all(refused(trusting, f"{token}.{encoded(signature)}") for signature in signatures)


def test_a_token_that_brings_its_own_key_is_refused(issuer: DemoIssuer, trusting: Verifier) -> None:
    """Whom we trust stands in the settings and not in the token, whatever key it claims to be signed with."""
    own = ECKey.generate_key("P-256")
    headers: list[dict[str, object]] = [
        {},
        {"kid": issuer.key.kid},
        {"jwk": own.as_dict(private=False)},
        {"jku": "https://forger.invalid/keys", "kid": issuer.key.kid},
        {"x5u": "https://forger.invalid/keys"},
    ]
    tokens = [jwt.encode({"alg": "ES256"} | header, claims(issuer), own) for header in headers]

    assert all(refused(trusting, token) for token in tokens)


@pytest.mark.parametrize("algorithm", ["RS256", "PS512"])
def test_another_signature_than_the_profile_allows_is_refused(
    tmp_path: Path, issuer: DemoIssuer, algorithm: str
) -> None:
    """Even by a key that we trust."""
    key = RSAKey.generate_key(2048, auto_kid=True)
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    trusting = verifier(in_folder(tmp_path, token_keys_file=file))
    good, bad = (
        jwt.encode({"alg": alg, "kid": key.kid}, claims(issuer), key, algorithms=[alg]) for alg in ("PS256", algorithm)
    )

    assert trusting.caller(good, NOW).actor == ACTOR
    assert refused(trusting, bad)


def test_an_unknown_key_is_refused(issuer: DemoIssuer, trusting: Verifier) -> None:
    """Also when the signature would be right under the one that we know."""
    assert refused(trusting, signed(issuer, claims(issuer), kid="another"))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://forger.invalid"},
        {"aud": "another-service"},
        {"aud": []},
        {"exp": SECONDS - 60},
        {"nbf": SECONDS + 60},
        {"iat": SECONDS + 60},
        {"role": "king"},
        {"role": "Auditor"},
        {"role": ["auditor"]},
        {"role": 1},
        {"exp": "later"},
        {"exp": True},
        {"exp": None},
        {"iss": [None]},
        {"sub": 12},
        {"sub": None},
        {"sub": ""},
        {"sub": "Sanne Verbruggen"},
        {"sub": "sanne@example.org"},
        {"sub": "p-1\0"},
        {"sub": "p" * 256},
        {"organisation": 855},
        {"organisation": ["gm0855"]},
        {"organisation": ""},
        {"organisation": "GM0855"},
        {"organisation": "gm0855\0"},
        {"organisation": "g" * 65},
        {"on_behalf_of": ["p-2"]},
        {"on_behalf_of": ""},
        {"purpose": 1},
        {"purpose": "two\nlines"},
    ],
    ids=lambda changes: json.dumps(changes)[:40],
)
def test_a_claim_that_does_not_hold_is_refused(
    issuer: DemoIssuer, trusting: Verifier, changes: dict[str, object]
) -> None:
    """Though the signature is right: what is not meant for us now, and what we could not record."""
    assert refused(trusting, signed(issuer, claims(issuer, **changes)))


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "sub", "organisation", "role"])
def test_a_missing_claim_is_refused(issuer: DemoIssuer, trusting: Verifier, name: str) -> None:
    """Nothing is taken for granted."""
    less = {claim: value for claim, value in claims(issuer).items() if claim != name}

    assert refused(trusting, signed(issuer, less))


@pytest.mark.parametrize("content", [[], "text", 5, None, {}])
def test_claims_that_are_none_are_refused(issuer: DemoIssuer, trusting: Verifier, content: object) -> None:
    """Signed or not."""
    assert refused(trusting, signed(issuer, content))


def test_a_token_that_was_changed_is_refused(issuer: DemoIssuer, trusting: Verifier) -> None:
    """Other claims under the signature of these."""
    header, content, signature = issuer.token(ACTOR, NOW).split(".")
    other = encoded(json.dumps(claims(issuer, role="auditor")).encode())

    assert refused(trusting, f"{header}.{other}.{signature}")
    assert refused(trusting, f"{header}.{content}.{signature[::-1]}")
    assert refused(trusting, f"{header}.{content}")
    assert refused(trusting, f"{header}.{content}.")


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "é.é.é", "\0", "." * 1000, "x" * 1_000_000, "Bearer", "a.b.c.d.e"]
)
def test_what_is_no_token_is_refused(trusting: Verifier, token: str) -> None:
    """Empty, huge, or something else."""
    assert refused(trusting, token)


KEY = ECKey.generate_key("P-256", auto_kid=True)
HEADERS = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "cty"]) | st.text(),
    st.none() | st.integers() | st.text() | st.lists(st.text()) | st.sampled_from(["ES256", "none", "HS256"]),
)


@given(HEADERS | st.text() | st.integers() | st.lists(st.integers()), st.binary(max_size=80))
def test_a_header_that_was_made_up_is_refused(header: object, signature: bytes) -> None:
    """Whatever it holds, nothing else goes wrong."""
    trusting = Verifier(KeySet([KEY]), issuer="https://issuer.invalid", audience="weerbaar")

    assert refused(trusting, f"{unsigned(header, {})}.{encoded(signature)}")


# --- the keys ---------------------------------------------------------------------------------------------------------


def test_the_demo_keeps_its_keys_to_itself(tmp_path: Path) -> None:
    """Only who runs it can read them."""
    settings = in_folder(tmp_path / "new" / "folder")
    key, hidden = demo_issuer(settings).key, secret(settings)
    files = {file.name: file for file in settings.data_dir.iterdir()}

    assert files.keys() == {"issuer.json", "secret"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files.values()} == {0o600}
    assert demo_issuer(settings).key.as_dict() == key.as_dict()
    assert secret(settings) == hidden


def test_two_processes_that_start_together_make_one_key(tmp_path: Path) -> None:
    """Else one would not believe the tokens of the other."""
    environment = os.environ | {"WEERBAAR_DATA_DIR": str(tmp_path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30)[0] for process in processes]

    assert said[0] == said[1] != ""
    assert {file.name for file in tmp_path.iterdir()} == {"issuer.json", "secret"}


def test_many_threads_that_start_together_make_one_secret(tmp_path: Path) -> None:
    """Whoever comes second finds the first one's, in every round."""
    for number in range(20):
        settings = in_folder(tmp_path / str(number))
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(lambda _, settings=settings: secret(settings), range(8)))

        assert len(found) == 1


def test_a_data_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    """In one line, by its setting."""
    (tmp_path / "file").touch()
    settings = in_folder(tmp_path / "file" / "below")

    with pytest.raises(SettingsError, match=r"^malformed setting: WEERBAAR_DATA_DIR \(NotADirectoryError\)$"):
        secret(settings)


@pytest.mark.parametrize("name", ["TOKEN_ISSUER", "TOKEN_KEYS_FILE", "SECRET_FILE"])
def test_production_makes_up_no_keys(tmp_path: Path, name: str) -> None:
    """Somebody must answer for them, and the demo's issuer is nobody."""
    issuer = {} if name == "TOKEN_ISSUER" else {"token_issuer": "https://issuer.example.org"}
    settings = in_folder(tmp_path, mode=Mode.PRODUCTION, **issuer)
    needing = secret if name == "SECRET_FILE" else verifier

    with pytest.raises(
        SettingsError, match=rf"^production mode needs the setting WEERBAAR_{name}( \(the demo's will not do\))?$"
    ):
        needing(settings)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "geheim",
        "[]",
        "{}",
        "5",
        "null",
        '{"keys": 1}',
        '{"keys": []}',
        '{"keys": [{}]}',
        '{"keys": ["geheim"]}',
        '{"keys": [{"kty": "EC", "crv": "P-256", "x": "geheim", "y": "geheim"}]}',
    ],
)
def test_a_file_with_keys_that_cannot_be_read_is_named(tmp_path: Path, content: str | None) -> None:
    """In one line, by its setting, and nothing of it is repeated."""
    file = tmp_path / "keys.json"
    if content is not None:
        file.write_text(content)

    with pytest.raises(SettingsError, match=r"^malformed setting: WEERBAAR_TOKEN_KEYS_FILE \(\w+\)$"):
        verifier(in_folder(tmp_path, token_keys_file=file))


def test_the_keys_may_be_several(tmp_path: Path, issuer: DemoIssuer) -> None:
    """An issuer changes its key by publishing both for a while; the token says which one it was."""
    file = tmp_path / "keys.json"
    new = ECKey.generate_key("P-256", auto_kid=True)
    file.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in (issuer.key, new)]}))
    trusting = verifier(in_folder(tmp_path, token_keys_file=file))

    assert trusting.caller(issuer.token(ACTOR, NOW), NOW).actor == ACTOR
    assert trusting.caller(DemoIssuer(new, issuer.issuer, issuer.audience).token(ACTOR, NOW), NOW).actor == ACTOR


@pytest.mark.parametrize("content", [None, b"k" * 31])
def test_a_secret_that_is_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    """Missing, or too short to be one."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match=r"^malformed setting: WEERBAAR_SECRET_FILE \([^\n]+\)$"):
        secret(in_folder(tmp_path / "data", secret_file=file))
