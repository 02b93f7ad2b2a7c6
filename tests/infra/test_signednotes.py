"""Are notes, keys, checkpoints, cosignatures and policies those of C2SP, and is everything else refused?"""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.signednotes import (
    Algorithm,
    Checkpoint,
    MalformedNote,
    Note,
    SignerKey,
    Untrusted,
    parse_checkpoint,
    parse_hashes,
    parse_note,
    parse_policy,
    parse_signer_key,
    parse_verifier_key,
)

ORIGIN = "example.org/log"
LOG = SignerKey.new(ORIGIN, Algorithm.ED25519)
WITNESSES = [SignerKey.new(f"w{n}.example.org", Algorithm.COSIGNATURE) for n in range(3)]
CHECKPOINT = Checkpoint(ORIGIN, 1234, bytes(range(32)))
PUBLISHED = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
    "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0"
    "xUe+mbIUBkBIfZ+qnA==\n"
).encode()
"""The example of tlog-cosignature."""


def note(*signers: SignerKey, time: int = 1_700_000_000, checkpoint: Checkpoint = CHECKPOINT) -> Note:
    """Return a checkpoint that *signers* have signed."""
    return Note(checkpoint.text, tuple(signer.signature(checkpoint.text, time) for signer in signers))


def policy(*lines: str) -> bytes:
    """Return a policy that knows the log and the witnesses, with more *lines*."""
    known = [f"log {LOG.verifier}", *(f"witness W{n} {key.verifier}" for n, key in enumerate(WITNESSES))]
    return "\n".join(["# whose word is taken", "", *known, *lines, ""]).encode()


def test_a_published_checkpoint_is_read_and_written_as_it_is() -> None:
    """The example of the specification."""
    read = parse_note(PUBLISHED)

    assert parse_checkpoint(read.text).size == 20852163
    assert parse_checkpoint(read.text).origin == "example.com/behind-the-sofa"
    assert parse_checkpoint(read.text).text == read.text
    assert str(read).encode() == PUBLISHED


def test_published_keys_are_read_and_written_as_they_are() -> None:
    """The example of Go's package note: a private key and its public one."""
    public = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    private = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"

    assert str(parse_verifier_key(public)) == public
    assert parse_signer_key(private).secret == private
    assert str(parse_signer_key(private).verifier) == public


def test_a_signature_is_of_its_key_and_its_text() -> None:
    """Who signed and when is told; another key or another text is not."""
    other = SignerKey.new(ORIGIN, Algorithm.ED25519)
    signed = note(LOG, WITNESSES[0])

    assert parse_note(str(signed).encode()) == signed
    assert signed.signed_by(LOG.verifier) == 0
    assert signed.signed_by(WITNESSES[0].verifier) == 1_700_000_000
    assert signed.signed_by(WITNESSES[1].verifier) is None
    assert signed.signed_by(other.verifier) is None
    for key in (LOG, WITNESSES[0]):
        with pytest.raises(MalformedNote, match="is not theirs"):
            Note(signed.text.replace("1234", "1235"), signed.signatures).signed_by(key.verifier)


def test_no_secret_is_shown() -> None:
    """Neither where a key is drawn nor where one is refused."""
    assert str(LOG.seed) not in repr(LOG)
    with pytest.raises(MalformedNote) as refused:
        parse_signer_key(LOG.secret[:-3])
    assert LOG.secret[-10:-3] not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAAA",  # no end of line
        b"text\n\n\xe2\x80\x94 name AAAA\n",  # no signature after the number of the key
        b"text\n\n\xe2\x80\x94 na+me AAAAAAAA\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAA!\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAAAAB==\n",  # another way to write AA==
        b"text\n\n- name AAAAAAAA\n",
        b"te\rxt\n\n\xe2\x80\x94 name AAAAAAAA\n",
        b"\xff\n\n\xe2\x80\x94 name AAAAAAAA\n",
        b"text\n\n" + b"\xe2\x80\x94 name AAAAAAAA\n" * 101,
        b"t" * 70_000 + b"\n\n\xe2\x80\x94 name AAAAAAAA\n",
    ],
)
def test_what_is_no_note_is_refused(content: bytes) -> None:
    """In one line."""
    with pytest.raises(MalformedNote):
        parse_note(content)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n5\nAAAA\n",
        "origin\n5\n",
        "origin\n05\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n-5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n\u0665\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n9223372036854775807\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
        "origin\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "origin\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nmore\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    """In one line."""
    with pytest.raises(MalformedNote):
        parse_checkpoint(text)


@pytest.mark.parametrize("parse", [parse_note, parse_policy])
@given(content=st.binary(max_size=300))
def test_anything_is_read_or_refused(parse: Callable[[bytes], object], content: bytes) -> None:
    """Nothing else happens, whatever it is."""
    with suppress(MalformedNote):
        parse(content)


@pytest.mark.parametrize(
    "parse", [parse_verifier_key, parse_signer_key, parse_checkpoint, lambda text: parse_hashes([text])]
)
@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused(parse: Callable[[str], object], text: str) -> None:
    """Nothing else happens, whatever it is."""
    with suppress(MalformedNote):
        parse(text)


@pytest.mark.parametrize(
    ("lines", "there", "enough"),
    [
        (["quorum none"], [], True),
        (["quorum W1"], [1], True),
        (["quorum W1"], [0, 2], False),
        (["group two 2 W0 W1 W2", "quorum two"], [0, 2], True),
        (["group two 2 W0 W1 W2", "quorum two"], [0], False),
        (["group all all W0 W1", "quorum all"], [0, 1], True),
        (["group all all W0 W1", "quorum all"], [1], False),
        (["group one any W0 W1", "quorum one"], [1], True),
        (["group one any W0 W1", "group both all one W2", "quorum both"], [1, 2], True),
        (["group one any W0 W1", "group both all one W2", "quorum both"], [0, 1], False),
    ],
)
def test_a_quorum_is_enforced(lines: list[str], there: list[int], enough: bool) -> None:  # noqa: FBT001
    """As many of whom as it says."""
    signed = note(LOG, *(WITNESSES[n] for n in there))
    read = parse_policy(policy(*lines))
    if enough:
        assert read.check(signed).witnessed == {f"W{n}": 1_700_000_000 for n in there}
    else:
        with pytest.raises(Untrusted, match="lacks cosignatures"):
            read.check(signed)


def test_only_logs_that_are_listed_are_believed() -> None:
    """By the name in the checkpoint and by the key; a witness that signs as a log is no log."""
    read = parse_policy(policy("quorum none"))
    elsewhere = Checkpoint("example.org/other", 1, bytes(32))
    other = SignerKey.new(ORIGIN, Algorithm.ED25519)

    with pytest.raises(Untrusted, match="does not know the log"):
        read.check(note(LOG, checkpoint=elsewhere))
    for signed in (note(other), note(WITNESSES[0])):
        with pytest.raises(Untrusted, match="no key of the policy"):
            read.check(signed)


def test_a_log_with_two_keys_is_believed_by_either() -> None:
    """While one takes the place of the other."""
    newer = SignerKey.new(ORIGIN, Algorithm.ED25519)
    read = parse_policy(policy(f"log {newer.verifier}", "quorum none"))

    for signed in (note(LOG), note(newer), note(LOG, newer)):
        assert read.check(signed).checkpoint == CHECKPOINT


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["quorum none", "quorum none"],
        ["quorum W9"],
        ["quorum later", "group later any W1"],
        ["group none any W1", "quorum none"],
        ["group W1 any W1", "quorum none"],
        ["group g 0 W1", "quorum none"],
        ["group g 2 W1", "quorum none"],
        ["group g -1 W1", "quorum none"],
        ["group g any", "quorum none"],
        ["group g any W1 W1", "quorum none"],
        ["group g any W1", "group h any W1", "quorum none"],
        ["witness W1 w+00000000+AAAA", "quorum none"],
        [f"witness W9 {LOG.verifier}", "quorum none"],
        [f"witness W9 {WITNESSES[0].verifier}", "quorum none"],
        [f"log {WITNESSES[0].verifier}", "quorum none"],
        [f"witness W9 {SignerKey.new('w9', Algorithm.COSIGNATURE).verifier} file:///etc/passwd", "quorum none"],
        [f"witness W9 {SignerKey.new('w9', Algorithm.COSIGNATURE).verifier} http://[/", "quorum none"],
        ["trust everybody", "quorum none"],
        ["# more"] * 1000,
    ],
)
def test_what_is_no_policy_is_refused(lines: list[str]) -> None:
    """It is somebody's decision, and not guessed at."""
    with pytest.raises(MalformedNote):
        parse_policy(policy(*lines))
