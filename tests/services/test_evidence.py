"""Does a bundle prove to an outsider what happened in a case, show what they may see and no more, and nothing false?"""

import io
import json
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.basis import Actor, OrganisationId, PersonId, Role
from domain.kinds import KINDS
from domain.organisations import ErasureReason
from infra.eventstore import CaseStore
from infra.mapper import FactMapper
from infra.signednotes import Algorithm, Policy, SignerKey, parse_policy
from services.app import now
from services.cli import OPERATOR
from services.erasing import Erasing
from services.evidence import BundleError, Checked, check_bundle, prove
from services.transparency.keys import Place, begin
from services.transparency.verifying import Verification
from services.transparency.writer import Writer
from tests.contract.examples import Words, body, giver
from tests.network import Network
from tests.services.test_cli import Terminal, variables_of, warm
from tests.services.transparency.kept import ORIGIN, place_in

__all__ = ["warm"]
WORDS = Words("Zwaluwstaart")
OWNER = Actor(person=PersonId("receiver"), organisation=OrganisationId("ondersteuningsteam"), role=Role.SUPPORT_TEAM)
STEUNPUNT = Actor(person=PersonId("receiver"), organisation=OrganisationId("steunpunt"), role=Role.STEUNPUNT)


@dataclass(frozen=True)
class Proving:
    """A service with cases in it, and the log of it."""

    network: Network
    place: Place
    numbers: dict[str, str]
    """A case of each kind."""

    def bundle(self, kind: str, reader: Actor = OPERATOR, *, disclose: bool = True) -> bytes:
        """Return the bundle of the case of *kind*."""
        database = self.network.service.database
        store = CaseStore(database, KINDS)
        return prove(database, store, self.place, self.numbers[kind], reader, disclose=disclose)

    def checked(self, kind: str, reader: Actor = OPERATOR, *, disclose: bool = True) -> Checked:
        """Return what it shows."""
        return check_bundle(self.bundle(kind, reader, disclose=disclose), KINDS)


@pytest.fixture(scope="module")
def proving(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Proving:
    """Let there be a case of each kind, with a life, and a log of them."""
    numbers = {}
    for kind in KINDS:
        case: dict[str, Any] = {}
        for command in kind.commands:
            where = kind.collection if command.creates else f"{kind.collection}/{case['id']}/{command.noun}"
            answer = network.post(giver(command), where, body(command, WORDS))
            case = answer.json() if command.creates else case
        if case["number"]:
            numbers[kind.name] = case["number"]
    network.look("auditor", "cases")
    place = place_in(tmp_path_factory.mktemp("proving"))
    begin(place, ORIGIN)
    Writer(network.service.database, place).catch_up()
    return Proving(network, place, numbers)


def files(bundle: bytes) -> dict[str, str]:
    """Return what is in *bundle*."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


def packed(contents: dict[str, str]) -> bytes:
    """Return a bundle of *contents*."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as written:
        for name, text in contents.items():
            written.writestr(name, text)
    return made.getvalue()


# --- what it shows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.prefix])
def test_a_bundle_tells_what_the_replay_tells(proving: Proving, kind: str) -> None:
    """The whole history, in words, and what it adds up to, opened."""
    checked = proving.checked(kind)
    (case,) = proving.network.look("auditor", f"cases?number={checked.number}")["items"]
    collection = next(one.collection for one in KINDS if one.name == kind)
    told = proving.network.look("auditor", f"{collection}/{case['id']}/replay")

    assert [(one.version, one.words) for one in checked.history] == [
        (happening["version"], happening["words"]) for happening in told["history"]
    ]
    assert [one.by for one in checked.history] == [
        f"{happening['recorded_by']} ({happening['role']}, {happening['organisation']})"
        for happening in told["history"]
    ]
    assert json.loads(json.dumps(checked.state)) == told["state"]
    assert checked.missing == ()
    assert checked.trusted.checkpoint.origin == ORIGIN


def test_the_same_bundle_has_the_same_bytes(proving: Proving) -> None:
    """Two receivers can compare theirs."""
    assert proving.bundle("threat_case") == proving.bundle("threat_case")


def test_what_somebody_typed_stands_in_no_bundle_unless_it_is_opened(proving: Proving) -> None:
    """The facts are as they are stored: sealed, with a key for each value that may be seen."""
    whole, sealed = proving.bundle("threat_case"), proving.bundle("threat_case", disclose=False)
    for bundle in (whole, sealed):
        contents = files(bundle)
        events = json.loads(contents["events.json"])["events"]
        assert "Zwaluwstaart" not in "".join(contents.values())
        assert all(b"Zwaluwstaart" not in b64decode(event["state"]) for event in events)

    assert json.loads(files(sealed)["openings.json"]) == {"openings": []}
    assert "Zwaluwstaart" in json.dumps(check_bundle(whole, KINDS).state)
    state = json.dumps(check_bundle(sealed, KINDS).state)
    assert "Zwaluwstaart" not in state
    assert "not disclosed" in state


def test_a_receiver_gets_the_facts_that_they_may_see(proving: Proving) -> None:
    """Which others are missing is told; who recorded a fact only to whom it may be told."""
    whole, own = proving.checked("integrity_inquiry"), proving.checked("integrity_inquiry", STEUNPUNT)
    events = json.loads(files(proving.bundle("integrity_inquiry", STEUNPUNT))["events.json"])["events"]

    assert 0 < len(own.history) < len(whole.history)
    assert {one.version for one in own.history} | set(own.missing) <= {one.version for one in whole.history}
    assert any(event["metadata"] is None for event in events)
    assert [one.by is None for one in own.history] == [event["metadata"] is None for event in events]


def test_who_may_not_know_of_a_case_gets_no_bundle(proving: Proving) -> None:
    """Nor learns that there is one."""
    with pytest.raises(BundleError, match=f"there is no case {proving.numbers['threat_case']}"):
        proving.bundle("threat_case", STEUNPUNT)


def test_what_the_log_does_not_cover_yet_is_not_proved(network: Network, proving: Proving, tmp_path: Path) -> None:
    """There is nothing to prove it with."""
    place = place_in(tmp_path)
    begin(place, ORIGIN)
    late = Proving(network, place, proving.numbers)
    with pytest.raises(BundleError, match="the log does not cover the last"):
        late.bundle("threat_case")


# --- what it cannot show ----------------------------------------------------------------------------------------------


def in_events(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, str]], None]:
    """Return what changes the file of events."""

    def changed(contents: dict[str, str]) -> None:
        events = json.loads(contents["events.json"])
        change(events)
        contents["events.json"] = json.dumps(events)

    return changed


def another_state(events: dict[str, Any]) -> None:
    """Change a byte of a fact."""
    state = bytearray(b64decode(events["events"][1]["state"]))
    state[-2] ^= 1
    events["events"][1]["state"] = b64encode(bytes(state)).decode()


def swapped(events: dict[str, Any]) -> None:
    """Let two facts change places."""
    events["events"][0], events["events"][1] = events["events"][1], events["events"][0]


def swapped_states(events: dict[str, Any]) -> None:
    """Let the contents of two facts change places."""
    first, second = events["events"][:2]
    first["state"], second["state"] = second["state"], first["state"]


def openings(change: Callable[[list[dict[str, Any]]], None]) -> Callable[[dict[str, str]], None]:
    """Return what changes the openings."""

    def changed(contents: dict[str, str]) -> None:
        found = json.loads(contents["openings.json"])
        change(found["openings"])
        contents["openings.json"] = json.dumps(found)

    return changed


CHANGES: list[Callable[[dict[str, str]], object]] = [
    in_events(another_state),
    in_events(swapped),
    in_events(swapped_states),
    in_events(lambda events: events["events"].append(events["events"][-1])),
    in_events(lambda events: events["events"].clear()),
    in_events(lambda events: events.update(stream=f"{events['stream']}0")),
    in_events(lambda events: events.update(stream="nothing:1")),
    in_events(lambda events: events.update(number="DR-2030-999999")),
    in_events(lambda events: events["events"][0].update(position=events["events"][0]["position"] + 1)),
    in_events(lambda events: events["events"][0].update(position=10**18)),
    in_events(lambda events: events["events"][0].update(version=2**31 - 1)),
    in_events(lambda events: events["events"][0].update(topic="threat_case.closed.v1")),
    in_events(lambda events: events["events"][0].update(salt="00" * 16)),
    in_events(lambda events: events["events"][0].update(recorded_at="0001-01-01T00:00:00Z")),
    in_events(lambda events: events["events"][0].update(recorded_at="2026-01-01T00:00:00")),
    in_events(lambda events: events["events"][0].update(event_id="0199d2a4-0000-7000-8000-000000000000")),
    in_events(lambda events: events["events"][0].update(metadata="{}")),
    in_events(lambda events: events["events"][0].update(metadata_sha256="00" * 32)),
    in_events(lambda events: events["events"][0].update(proof=[])),
    in_events(lambda events: events["events"][0].update(proof=["nonsense"])),
    in_events(lambda events: events["events"][0].update(state="nonsense")),
    in_events(lambda events: events["events"][0].pop("salt")),
    openings(lambda found: found[0].update(key="00" * 32)),
    openings(lambda found: found[0].update(key=found[1]["key"])),
    openings(lambda found: found[0].update(key="short")),
    lambda contents: contents.update({"events.json": "nonsense"}),
    lambda contents: contents.update({"policy": "quorum none\n"}),
    lambda contents: contents.update({"policy": "nonsense\n"}),
    lambda contents: contents.update({"checkpoint": contents["checkpoint"].replace("/log\n", "/lag\n", 1)}),
    lambda contents: contents.update({"checkpoint": "nonsense"}),
    lambda contents: contents.update({"more.txt": ""}),
    lambda contents: contents.pop("README.txt"),
]


@pytest.mark.parametrize("change", CHANGES, ids=map(str, range(len(CHANGES))))
def test_a_bundle_that_was_changed_does_not_hold(proving: Proving, change: Callable[[dict[str, str]], object]) -> None:
    """Whatever was changed, in one line."""
    contents = files(proving.bundle("threat_case"))
    change(contents)
    with pytest.raises(BundleError) as refused:
        check_bundle(packed(contents), KINDS)

    assert "\n" not in str(refused.value)
    assert "Zwaluwstaart" not in str(refused.value)


def test_a_bundle_of_a_log_of_their_own_convinces_those_only_who_believe_it(proving: Proving) -> None:
    """Who brings a policy asks for other signatures than a forger has."""
    bundle = proving.bundle("threat_case")
    other = Policy((SignerKey.new(ORIGIN, Algorithm.ED25519).verifier,))
    with pytest.raises(BundleError, match="no key of the policy has signed"):
        check_bundle(bundle, KINDS, other)
    witness = SignerKey.new("w.example.org", Algorithm.COSIGNATURE).verifier
    strict = parse_policy(
        f"{proving.place.policy_file.read_text('utf-8')}".replace("quorum none", "").encode()
        + f"witness W {witness}\nquorum W\n".encode()
    )
    with pytest.raises(BundleError, match="lacks cosignatures"):
        check_bundle(bundle, KINDS, strict)

    assert check_bundle(bundle, KINDS, proving.place.policy()).history


@given(st.binary(max_size=300))
def test_anything_is_checked_or_refused(content: bytes) -> None:
    """Whatever somebody sends."""
    with suppress(BundleError):
        check_bundle(content, KINDS)


def test_a_bundle_that_unpacks_to_too_much_is_refused() -> None:
    """Before it is unpacked."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as written:
        for name in ("README.txt", "checkpoint", "policy", "events.json", "openings.json"):
            written.writestr(name, b"0" * 20_000_000)
    with pytest.raises(BundleError, match="too large"):
        check_bundle(made.getvalue(), KINDS)


def test_a_bundle_and_the_log_stay_good_when_keys_are_destroyed(proving: Proving) -> None:
    """The proof is over what is sealed; whoever has an opening keeps it, and a new bundle has none to give."""
    database = proving.network.service.database
    before = proving.bundle("security_advice")
    stream = json.loads(files(before)["events.json"])["stream"]
    told = check_bundle(before, KINDS)
    Erasing(CaseStore(database, KINDS), OPERATOR, now).case(stream, ErasureReason.REQUEST)
    after = proving.bundle("security_advice")
    verified = Verification(
        database, proving.place.folder, proving.place.policy(), FactMapper(KINDS).topics, proving.place.folder / "seen"
    ).run()

    assert check_bundle(before, KINDS) == told
    assert json.loads(files(before)["openings.json"])["openings"]
    assert json.loads(files(after)["openings.json"]) == {"openings": []}
    assert files(after)["events.json"] == files(before)["events.json"]
    assert "not disclosed" in json.dumps(check_bundle(after, KINDS).state)
    assert verified.faults == ()


# --- at a terminal ----------------------------------------------------------------------------------------------------


@pytest.fixture
def terminal(warm: Any, proving: Proving) -> Terminal:  # noqa: ANN401
    """Return a terminal beside the service and its log."""
    variables = variables_of(proving.network.service.database, proving.network.service.settings.data_dir)
    return Terminal(
        warm,
        variables
        | {
            "WEERBAAR_TLOG_DIR": str(proving.place.folder),
            "WEERBAAR_TLOG_KEY_FILE": str(proving.place.key_file),
        },
    )


def test_a_bundle_is_written_and_checked_offline(terminal: Terminal, proving: Proving, tmp_path: Path) -> None:
    """By two commands; the second one has no database, no log and no keys."""
    number, bundle, policy = proving.numbers["threat_case"], tmp_path / "bundle.zip", proving.place.policy_file
    assert "check-bundle checks it" in terminal.run("prove", number, "-o", str(bundle)).said
    away = dict.fromkeys(("TLOG_DIR", "TLOG_KEY_FILE", "KEYS_FILE", "DATA_DIR")) | {
        "DATABASE_URL": "postgresql://[::1]:1/x"
    }
    said = terminal.run("check-bundle", str(bundle), **away).said
    trusted = terminal.run("check-bundle", str(bundle), "--policy", str(policy), **away).said

    assert said.startswith(f"{number}: ")
    assert "ask somebody you trust for one (--policy)" in said
    assert "A threat was reported" in said
    assert '"number": "' + number + '"' in said
    assert "ask somebody you trust" not in trusted


def test_what_cannot_be_proved_or_checked_is_said_in_one_line(
    terminal: Terminal, proving: Proving, tmp_path: Path
) -> None:
    """An unknown case, half of a receiver, a place that is none, a file that is no bundle."""
    number, bundle = proving.numbers["threat_case"], tmp_path / "bundle.zip"
    assert terminal.run("prove", "DR-1999-000001", "-o", str(bundle)).complaint == "there is no case DR-1999-000001"
    complaint = terminal.run("prove", number, "-o", str(bundle), "--role", "auditor").complaint
    assert complaint == "give --role and --organisation, or neither"
    nowhere = str(tmp_path / "nowhere" / "bundle.zip")
    assert "cannot be written (FileNotFoundError)" in terminal.run("prove", number, "-o", nowhere).complaint
    assert not bundle.exists()
    bundle.write_bytes(b"nonsense")
    assert terminal.run("check-bundle", str(bundle)).complaint == "this is no bundle (BadZipFile)"
    assert "cannot be read (FileNotFoundError)" in terminal.run("check-bundle", nowhere).complaint
